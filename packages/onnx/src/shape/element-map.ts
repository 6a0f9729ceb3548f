/**
 * Operators that only move elements, as index lists: element i of the result is element `source[i]` of the input,
 * or a fill value where `source[i]` is -1. One list serves typed arrays and partly known shape values alike.
 */
export interface ElementMap {
  readonly dims: readonly number[];
  readonly source: Int32Array;
}

/** Number of elements of a shape. */
export const elementCount = (dims: readonly number[]): number => dims.reduce((count, dim) => count * dim, 1);

/** Row-major strides of a shape, in elements. */
export const stridesOf = (dims: readonly number[]): number[] => {
  const strides = new Array<number>(dims.length).fill(1);
  for (let i = dims.length - 2; i >= 0; i -= 1) strides[i] = (strides[i + 1] ?? 1) * (dims[i + 1] ?? 1);
  return strides;
};

/** Builds a map from, for each output axis, the input offset of each position (-1: fill). */
const mapFromAxes = (offsets: readonly (readonly number[])[]): ElementMap => {
  const dims = offsets.map((axis) => axis.length);
  const source = new Int32Array(elementCount(dims));
  const position = new Array<number>(dims.length).fill(0);
  for (let i = 0; i < source.length; i += 1) {
    let sum = 0;
    for (let axis = 0; axis < dims.length; axis += 1) {
      const offset = offsets[axis]?.[position[axis] ?? 0] ?? 0;
      if (offset < 0) {
        sum = -1;
        break;
      }
      sum += offset;
    }
    source[i] = sum;
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      const next = (position[axis] ?? 0) + 1;
      if (next < (dims[axis] ?? 0)) {
        position[axis] = next;
        break;
      }
      position[axis] = 0;
    }
  }
  return { dims, source };
};

const range = (count: number, of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));

/** `axis` counted from the front; undefined when it does not exist. */
export const normalizeAxis = (axis: number, rank: number): number | undefined => {
  const index = axis < 0 ? axis + rank : axis;
  return Number.isInteger(index) && index >= 0 && index < rank ? index : undefined;
};

/** Transpose: output axis i is input axis `perm[i]`; undefined when `perm` is no permutation of the axes. */
export const transposeMap = (dims: readonly number[], perm: readonly number[]): ElementMap | undefined => {
  const axes = new Set(perm);
  if (axes.size !== dims.length || perm.length !== dims.length || dims.some((_, i) => !axes.has(i))) return undefined;
  const strides = stridesOf(dims);
  return mapFromAxes(perm.map((axis) => range(dims[axis] ?? 0, (i) => i * (strides[axis] ?? 0))));
};

/** First index, count and step of a slice along an axis of the given size (ONNX Slice clamping rules). */
export const resolveSlice = (
  size: number,
  start: number,
  end: number,
  step: number,
): { readonly first: number; readonly count: number } => {
  const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const first = step > 0 ? clamp(from, 0, size) : clamp(from, 0, size - 1);
  const last = step > 0 ? clamp(to, 0, size) : clamp(to, -1, size - 1);
  return { first, count: Math.max(0, Math.ceil((last - first) / step)) };
};

/** Slice; the four lists run in parallel over the sliced axes. */
export const sliceMap = (
  dims: readonly number[],
  slices: readonly { readonly axis: number; readonly start: number; readonly end: number; readonly step: number }[],
): ElementMap => {
  const strides = stridesOf(dims);
  const offsets = dims.map((size, axis) => range(size, (i) => i * (strides[axis] ?? 0)));
  for (const { axis, start, end, step } of slices) {
    const { first, count } = resolveSlice(dims[axis] ?? 0, start, end, step);
    offsets[axis] = range(count, (i) => (first + i * step) * (strides[axis] ?? 0));
  }
  return mapFromAxes(offsets);
};

/** Gather along `axis`; undefined when an index is outside the axis. */
export const gatherMap = (
  dims: readonly number[],
  axis: number,
  indices: readonly number[],
  indexDims: readonly number[],
): ElementMap | undefined => {
  const size = dims[axis] ?? 0;
  const positions = indices.map((index) => (index < 0 ? index + size : index));
  if (positions.some((index) => index < 0 || index >= size)) return undefined;
  const strides = stridesOf(dims);
  const flat = mapFromAxes(
    dims.map((length, i) =>
      i === axis ? positions.map((index) => index * (strides[i] ?? 0)) : range(length, (k) => k * (strides[i] ?? 0)),
    ),
  );
  return { dims: [...dims.slice(0, axis), ...indexDims, ...dims.slice(axis + 1)], source: flat.source };
};

/** Expand `dims` to `target` (already broadcast: every axis of `target` is the result size). */
export const expandMap = (dims: readonly number[], target: readonly number[]): ElementMap => {
  const strides = stridesOf(dims);
  const shift = target.length - dims.length;
  return mapFromAxes(
    target.map((size, i) => {
      const axis = i - shift;
      const stride = axis < 0 || dims[axis] === 1 ? 0 : (strides[axis] ?? 0);
      return range(size, (k) => k * stride);
    }),
  );
};

/** Tile: axis i repeated `repeats[i]` times. */
export const tileMap = (dims: readonly number[], repeats: readonly number[]): ElementMap => {
  const strides = stridesOf(dims);
  return mapFromAxes(
    dims.map((size, axis) => range(size * (repeats[axis] ?? 1), (i) => (i % size) * (strides[axis] ?? 0))),
  );
};

/** Pad with the fill value; negative amounts crop. */
export const padMap = (dims: readonly number[], before: readonly number[], after: readonly number[]): ElementMap => {
  const strides = stridesOf(dims);
  return mapFromAxes(
    dims.map((size, axis) => {
      const first = before[axis] ?? 0;
      return range(Math.max(0, size + first + (after[axis] ?? 0)), (i) => {
        const at = i - first;
        return at < 0 || at >= size ? -1 : at * (strides[axis] ?? 0);
      });
    }),
  );
};

/** Concat: the sources count through the inputs laid end to end. */
export const concatMap = (shapes: readonly (readonly number[])[], axis: number): ElementMap => {
  const [first = []] = shapes;
  const total = shapes.reduce((sum, dims) => sum + (dims[axis] ?? 0), 0);
  const dims = first.map((size, i) => (i === axis ? total : size));
  const outer = elementCount(first.slice(0, axis));
  const source = new Int32Array(elementCount(dims));
  const runs = shapes.map((shape) => elementCount(shape.slice(axis)));
  const starts: number[] = [];
  let sum = 0;
  for (const run of runs) {
    starts.push(sum);
    sum += run * outer;
  }
  let at = 0;
  for (let o = 0; o < outer; o += 1) {
    runs.forEach((run, k) => {
      const start = (starts[k] ?? 0) + o * run;
      for (let i = 0; i < run; i += 1) source[at++] = start + i;
    });
  }
  return { dims, source };
};

/** Applies a map to a plain list. */
export const takeFrom = <T>(data: ArrayLike<T>, map: ElementMap, fill: T): T[] =>
  Array.from(map.source, (index) => (index < 0 ? fill : (data[index] ?? fill)));
