/** Arrays whose elements can be moved without looking at them. */
type Elements = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;

/** Elements of an array, one step apart per axis. */
export interface StridedElements {
  readonly data: Elements;
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

/** to[Σ i·strides] = from[Σ i·strides] for every index below `sizes`; both arrays of one type, apart in memory. */
export function copyStrided(sizes: readonly number[], from: StridedElements, to: StridedElements): void {
  if (sizes.some((size) => size === 0)) return;
  const axes = orderedAxes(sizes, from.strides, to.strides);
  const source = unsigned(from.data);
  const target = unsigned(to.data);
  const inner = axes.at(-1) ?? { size: 1, from: 1, to: 1 };
  const isRun = inner.from === 1 && inner.to === 1 && inner.size >= shortestRun;
  const walk = (level: number, at: number, put: number): void => {
    const axis = axes[level];
    if (level < axes.length - 1 && axis !== undefined) {
      for (let i = 0; i < axis.size; i++) walk(level + 1, at + i * axis.from, put + i * axis.to);
    } else if (isRun) target.set(source.subarray(at, at + inner.size), put);
    else copyRun(source, at, inner.from, target, put, inner.to, inner.size);
  };
  walk(0, from.offset, to.offset);
}

// — internals —

/** From this length on, a block copy beats a loop. */
const shortestRun = 96;

interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Axes longer than 1, neighbours merged where both arrays are dense across them, the one best walked last. */
function orderedAxes(sizes: readonly number[], from: readonly number[], to: readonly number[]): readonly Axis[] {
  const merged: Axis[] = [];
  for (const [i, size] of sizes.entries()) {
    if (size === 1) continue;
    const next = { size, from: from[i] as number, to: to[i] as number };
    const last = merged.at(-1);
    const isDense = last !== undefined && last.from === next.from * size && last.to === next.to * size;
    if (isDense) merged[merged.length - 1] = { ...next, size: last.size * size };
    else merged.push(next);
  }
  const last = merged.at(-1);
  if (last === undefined || (last.from === 1 && last.to === 1)) return merged;
  // Short innermost axes (the three colours of an image) make short loops: the longest axis goes inside.
  const longest = merged.reduce((best, axis) => (axis.size > best.size ? axis : best));
  return last.size >= 16 ? merged : [...merged.filter((axis) => axis !== longest), longest];
}

/** The same memory as unsigned integers, so that the loop below sees three kinds of arrays instead of six. */
function unsigned(data: Elements): Uint8Array | Uint16Array | Uint32Array {
  const { buffer, byteOffset, length, BYTES_PER_ELEMENT: width } = data;
  if (width === 1) return new Uint8Array(buffer, byteOffset, length);
  return width === 2 ? new Uint16Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
}

function copyRun(
  source: Uint8Array | Uint16Array | Uint32Array,
  at: number,
  fromStep: number,
  target: Uint8Array | Uint16Array | Uint32Array,
  put: number,
  toStep: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[put + i * toStep] = source[at + i * fromStep] as number;
}
