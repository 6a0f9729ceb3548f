import { DataType } from '../../tensor/data-type';
import { addDims, type Dim, divideDims, minDim, multiplyDims, subtractDims } from '../dim';
import { normalizeAxis, resolveSlice } from '../element-map';
import type { InferContext, PartialElement, ShapeRule, TensorShape } from '../infer-types';
import { axesOf, rulesFor, shaped } from './rule-parts';

const concat =
  (first: number, every: number): ShapeRule =>
  (c) => {
    const shapes: (readonly Dim[] | undefined)[] = [];
    for (let i = first; i < c.inputCount; i += every) shapes.push(c.dims(i));
    const dataType = c.dataType(first);
    const known = shapes.find((dims) => dims !== undefined);
    if (known === undefined) return [shaped(dataType, undefined)];
    const axis = normalizeAxis(c.int('axis') ?? 1, known.length);
    if (axis === undefined) return [shaped(dataType, undefined)];
    const dims = known.map((_, i): Dim => {
      if (i !== axis) return shapes.map((shape) => shape?.[i]).find((dim) => dim !== undefined);
      return shapes.map((shape) => shape?.[axis]).reduce((sum: Dim, dim) => addDims(sum, dim), 0);
    });
    return [shaped(dataType, dims)];
  };

const split: ShapeRule = (c) => {
  const dims = c.dims(0);
  const count = c.outputCount;
  const axis = normalizeAxis(c.int('axis') ?? 0, dims?.length ?? 0);
  if (dims === undefined || axis === undefined)
    return new Array<TensorShape>(count).fill(shaped(c.dataType(0), undefined));
  const whole = dims[axis];
  const sizes = c.ints('split') ?? (c.has(1) ? c.numbers(1) : undefined);
  const chunk =
    typeof whole === 'number' ? Math.ceil(whole / (c.int('num_outputs') ?? count)) : divideDims([whole], [count]);
  return Array.from({ length: count }, (_, k): TensorShape => {
    let size: Dim = sizes?.[k];
    if (sizes === undefined && !c.has(1)) {
      size = typeof whole === 'number' && typeof chunk === 'number' ? Math.min(chunk, whole - k * chunk) : chunk;
    }
    return shaped(
      c.dataType(0),
      dims.map((dim, i) => (i === axis ? size : dim)),
    );
  });
};

/** Parameters of one sliced axis; sizes may be names. */
interface AxisSlice {
  readonly axis: number;
  readonly start: PartialElement;
  readonly end: PartialElement;
  readonly step: number;
}

/** Reads Slice parameters from attributes (opset < 10) or inputs; undefined when axes or steps are not constant. */
export const slicesOf = (c: InferContext, rank: number): readonly AxisSlice[] | undefined => {
  const starts = c.ints('starts') ?? c.value(1);
  const ends = c.ints('ends') ?? c.value(2);
  if (starts === undefined || ends === undefined) return undefined;
  const given = c.ints('axes') !== undefined || c.has(3);
  const axes = given ? axesOf(c, 3, rank) : starts.map((_, i) => i);
  const steps = c.has(4) ? c.numbers(4) : starts.map(() => 1);
  if (axes === undefined || steps === undefined) return undefined;
  return axes.map((axis, i) => ({ axis, start: starts[i], end: ends[i], step: steps[i] ?? 1 }));
};

const slicedSize = (size: Dim, { start, end, step }: AxisSlice): Dim => {
  if (typeof size === 'number' && typeof start === 'number' && typeof end === 'number') {
    return resolveSlice(size, start, end, step).count;
  }
  if (step !== 1 || size === undefined) return undefined;
  if (typeof size === 'string' && typeof start === 'number' && typeof end === 'number' && end < 2 ** 31) {
    if (start >= 0 && end < 0) return subtractDims(size, start - end);
    return start < 0 && end >= 0 ? undefined : start === 0 ? minDim(size, end) : undefined;
  }
  if (start === 0)
    return typeof end === 'number' && end >= 2 ** 31 ? size : typeof end === 'string' ? minDim(end, size) : undefined;
  const isOpen = end === size || (typeof end === 'number' && end >= 2 ** 31);
  return isOpen && typeof start === 'number' && start > 0 ? subtractDims(size, start) : undefined;
};

const slice: ShapeRule = (c) => {
  const dims = c.dims(0);
  if (dims === undefined) return [shaped(c.dataType(0), undefined)];
  const slices = slicesOf(c, dims.length);
  if (slices === undefined) {
    const axes = c.has(3) ? axesOf(c, 3, dims.length) : undefined;
    return [
      shaped(
        c.dataType(0),
        dims.map((dim, i) => (axes === undefined || axes.includes(i) ? undefined : dim)),
      ),
    ];
  }
  const result = [...dims];
  for (const each of slices) result[each.axis] = slicedSize(dims[each.axis], each);
  return [shaped(c.dataType(0), result)];
};

const gather: ShapeRule = (c) => {
  const dims = c.dims(0);
  const indices = c.dims(1);
  const axis = normalizeAxis(c.int('axis') ?? 0, dims?.length ?? 0);
  if (dims === undefined || indices === undefined || axis === undefined) return [shaped(c.dataType(0), undefined)];
  return [shaped(c.dataType(0), [...dims.slice(0, axis), ...indices, ...dims.slice(axis + 1)])];
};

const gatherND: ShapeRule = (c) => {
  const dims = c.dims(0);
  const indices = c.dims(1);
  const depth = indices?.at(-1);
  if (dims === undefined || indices === undefined || typeof depth !== 'number')
    return [shaped(c.dataType(0), undefined)];
  return [shaped(c.dataType(0), [...indices.slice(0, -1), ...dims.slice((c.int('batch_dims') ?? 0) + depth)])];
};

const pad: ShapeRule = (c) => {
  const dims = c.dims(0);
  const amounts = c.ints('pads') ?? c.ints('paddings') ?? c.numbers(1);
  if (dims === undefined || amounts === undefined)
    return [
      shaped(
        c.dataType(0),
        dims?.map(() => undefined),
      ),
    ];
  const axes = c.has(3) ? axesOf(c, 3, dims.length) : dims.map((_, i) => i);
  if (axes === undefined)
    return [
      shaped(
        c.dataType(0),
        dims.map(() => undefined),
      ),
    ];
  const result = [...dims];
  axes.forEach((axis, k) => {
    result[axis] = addDims(dims[axis], (amounts[k] ?? 0) + (amounts[k + axes.length] ?? 0));
  });
  return [shaped(c.dataType(0), result)];
};

const tile: ShapeRule = (c) => {
  const repeats = c.value(1);
  return [
    shaped(
      c.dataType(0),
      c.dims(0)?.map((dim, i) => multiplyDims([dim, repeats?.[i]])),
    ),
  ];
};

/** Sizes after scaling are floor(fround(size · scale)): scales are float32 numbers, and onnxruntime multiplies in float32. */
const scaledDims = (dims: readonly Dim[], scales: readonly number[] | undefined): readonly Dim[] =>
  dims.map((dim, i) => {
    const scale = scales?.[i];
    if (scale === 1) return dim;
    if (scale === undefined || dim === undefined) return undefined;
    if (typeof dim === 'number') return Math.floor(Math.fround(dim * scale));
    return Number.isInteger(scale) ? multiplyDims([dim, scale]) : undefined;
  });

const resize: ShapeRule = (c) => {
  const dims = c.dims(0);
  if (dims === undefined) return [shaped(c.dataType(0), undefined)];
  const axes = c.ints('axes')?.map((axis) => (axis < 0 ? axis + dims.length : axis)) ?? dims.map((_, i) => i);
  const sizes = c.has(3) ? c.value(3) : undefined;
  if (sizes !== undefined && (c.string('keep_aspect_ratio_policy') ?? 'stretch') === 'stretch') {
    return [
      shaped(
        c.dataType(0),
        dims.map((dim, i) => (axes.includes(i) ? sizes[axes.indexOf(i)] : dim)),
      ),
    ];
  }
  const scales = c.numbers(c.opset < 11 ? 1 : 2);
  const full =
    scales === undefined ? undefined : dims.map((_, i) => (axes.includes(i) ? (scales[axes.indexOf(i)] ?? 1) : 1));
  return [shaped(c.dataType(0), scaledDims(dims, full))];
};

const upsample: ShapeRule = (c) => {
  const dims = c.dims(0);
  const scales = c.floats('scales') ?? c.numbers(1);
  return [shaped(c.dataType(0), dims === undefined ? undefined : scaledDims(dims, scales))];
};

const oneHot: ShapeRule = (c) => {
  const dims = c.dims(0);
  const [depth] = c.value(1) ?? [];
  if (dims === undefined) return [shaped(c.dataType(2), undefined)];
  const raw = c.int('axis') ?? -1;
  const axis = raw < 0 ? raw + dims.length + 1 : raw;
  return [shaped(c.dataType(2), [...dims.slice(0, axis), depth, ...dims.slice(axis)])];
};

/** Operators that pick, join, cut or repeat elements. */
export const selectionRules: Readonly<Record<string, ShapeRule>> = rulesFor([
  ['Concat', concat(0, 1)],
  ['com.microsoft:QLinearConcat', concat(2, 3)],
  ['Split', split],
  ['Slice', slice],
  ['Gather', gather],
  ['GatherElements', (c) => [shaped(c.dataType(0), c.dims(1))]],
  ['GatherND', gatherND],
  ['Pad', pad],
  ['Tile', tile],
  ['Resize', resize],
  ['Upsample', upsample],
  ['OneHot', oneHot],
  ['NonZero', (c) => [shaped(DataType.INT64, [c.dims(0)?.length, undefined])]],
  ['NonMaxSuppression', () => [shaped(DataType.INT64, [undefined, 3])]],
  [
    'Compress',
    (c) => [shaped(c.dataType(0), c.int('axis') === undefined ? [undefined] : c.dims(0)?.map(() => undefined))],
  ],
]);
