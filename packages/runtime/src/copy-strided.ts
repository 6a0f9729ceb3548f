/** Elements of an array, one step apart per axis. */
export interface StridedElements {
  readonly data: { [index: number]: number };
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Row-major distances between neighbours along each axis. */
export function denseStrides(sizes: readonly number[]): readonly number[] {
  const strides = sizes.map(() => 1);
  for (let axis = sizes.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (sizes[axis + 1] as number);
  }
  return strides;
}

/** to[Σ i·strides] = from[Σ i·strides] for every index below `sizes`. */
export function copyStrided(sizes: readonly number[], from: StridedElements, to: StridedElements): void {
  if (sizes.some((size) => size === 0)) return;
  if (sizes.length === 0) {
    to.data[to.offset] = from.data[from.offset] as number;
    return;
  }
  const last = sizes.length - 1;
  const [count, fromStep, toStep] = [sizes[last], from.strides[last], to.strides[last]] as [number, number, number];
  const walk = (axis: number, source: number, target: number): void => {
    if (axis === last) {
      for (let i = 0; i < count; i++) to.data[target + i * toStep] = from.data[source + i * fromStep] as number;
      return;
    }
    for (let i = 0; i < (sizes[axis] as number); i++) {
      walk(axis + 1, source + i * (from.strides[axis] as number), target + i * (to.strides[axis] as number));
    }
  };
  walk(0, from.offset, to.offset);
}
