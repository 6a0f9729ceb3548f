import { DataType } from '../../tensor/data-type';
import type { Dim } from '../dim';
import { normalizeAxis } from '../element-map';
import type { InferContext, ShapeRule } from '../infer-types';
import { axesOf, rulesFor, shaped } from './rule-parts';

const reducedDims = (c: InferContext, axesInput: number): readonly Dim[] | undefined => {
  const dims = c.dims(0);
  if (dims === undefined) return undefined;
  const keep = (c.int('keepdims') ?? 1) !== 0;
  const given = c.ints('axes') !== undefined || c.has(axesInput);
  const axes = given ? axesOf(c, axesInput, dims.length) : [];
  if (axes === undefined) return keep ? dims.map(() => undefined) : undefined;
  if (axes.length === 0) {
    if ((c.int('noop_with_empty_axes') ?? 0) !== 0) return dims;
    return keep ? dims.map(() => 1) : [];
  }
  const reduced = new Set(axes);
  return keep ? dims.map((dim, i) => (reduced.has(i) ? 1 : dim)) : dims.filter((_, i) => !reduced.has(i));
};

const reduce: ShapeRule = (c) => [shaped(c.dataType(0), reducedDims(c, 1))];

const argument: ShapeRule = (c) => {
  const dims = c.dims(0);
  const axis = normalizeAxis(c.int('axis') ?? 0, dims?.length ?? 0);
  if (dims === undefined || axis === undefined) return [shaped(DataType.INT64, undefined)];
  const keep = (c.int('keepdims') ?? 1) !== 0;
  const result = keep ? dims.map((dim, i) => (i === axis ? 1 : dim)) : dims.filter((_, i) => i !== axis);
  return [shaped(DataType.INT64, result)];
};

const topK: ShapeRule = (c) => {
  const dims = c.dims(0);
  const axis = normalizeAxis(c.int('axis') ?? -1, dims?.length ?? 0);
  const [k] = c.opset < 10 ? [c.int('k')] : (c.value(1) ?? []);
  const result = axis === undefined ? undefined : dims?.map((dim, i) => (i === axis ? k : dim));
  return [shaped(c.dataType(0), result), shaped(DataType.INT64, result)];
};

/** Reductions, arg-reductions and TopK. */
export const reductionRules: Readonly<Record<string, ShapeRule>> = rulesFor([
  [
    'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ' +
      'ReduceSumSquare',
    reduce,
  ],
  ['com.microsoft:QLinearReduceMean', (c) => [shaped(c.dataType(0), reducedDims(c, 99))]],
  ['ArgMax ArgMin', argument],
  ['TopK', topK],
]);
