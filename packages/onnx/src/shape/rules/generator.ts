import { DataType } from '../../tensor/data-type';
import { type Dim, unknownDims } from '../dim';
import type { ShapeRule, TensorShape } from '../infer-types';
import { rulesFor, shaped } from './rule-parts';

const constant: ShapeRule = (c) => {
  const dense = c.tensor('value');
  if (dense !== undefined) return [shaped(dense.dataType, dense.dims.map(Number))];
  if (c.float('value_float') !== undefined) return [shaped(DataType.FLOAT, [])];
  if (c.int('value_int') !== undefined) return [shaped(DataType.INT64, [])];
  const floats = c.floats('value_floats');
  if (floats !== undefined) return [shaped(DataType.FLOAT, [floats.length])];
  const ints = c.ints('value_ints');
  if (ints !== undefined) return [shaped(DataType.INT64, [ints.length])];
  if (c.string('value_string') !== undefined) return [shaped(DataType.STRING, [])];
  return [undefined];
};

const constantOfShape: ShapeRule = (c) => {
  const dataType = c.tensor('value')?.dataType ?? DataType.FLOAT;
  const value = c.value(0);
  if (value !== undefined) return [shaped(dataType, value)];
  const [rank] = c.dims(0) ?? [];
  return [shaped(dataType, unknownDims(rank))];
};

const shape: ShapeRule = (c) => {
  const rank = c.dims(0)?.length;
  if (rank === undefined) return [shaped(DataType.INT64, [undefined])];
  const clamp = (axis: number): number => Math.min(Math.max(axis < 0 ? axis + rank : axis, 0), rank);
  const start = clamp(c.int('start') ?? 0);
  return [shaped(DataType.INT64, [Math.max(0, clamp(c.int('end') ?? rank) - start)])];
};

/** Number of elements of Range: max(ceil((limit − start) / delta), 0). */
const range: ShapeRule = (c) => {
  const [[start] = [], [limit] = [], [delta] = []] = [c.value(0), c.value(1), c.value(2)];
  let count: Dim;
  if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number' && delta !== 0) {
    count = Math.max(0, Math.ceil((limit - start) / delta));
  } else if (start === 0 && delta === 1 && typeof limit === 'string') count = limit;
  return [shaped(c.dataType(0), [count])];
};

const random: ShapeRule = (c) => [shaped(c.int('dtype') ?? DataType.FLOAT, c.ints('shape'))];

/** Sizes on which all branches agree. */
const join = (shapes: readonly (TensorShape | undefined)[]): TensorShape | undefined => {
  const [first, ...others] = shapes;
  if (first === undefined || others.some((other) => other === undefined || other.dataType !== first.dataType))
    return undefined;
  const sameRank = others.every((other) => other?.dims?.length === first.dims?.length);
  if (!sameRank) return shaped(first.dataType, undefined);
  return shaped(
    first.dataType,
    first.dims?.map((dim, i) => (others.every((o) => o?.dims?.[i] === dim) ? dim : undefined)),
  );
};

const branch: ShapeRule = (c) => {
  const branches = ['then_branch', 'else_branch'].map((name) => c.graph(name));
  const types = branches.map((graph) => (graph === undefined ? [] : c.inferBody(graph)));
  return Array.from({ length: c.outputCount }, (_, i) => join(types.map((outputs) => outputs[i])));
};

/** Constants, shape readers, generators and If. */
export const generatorRules: Readonly<Record<string, ShapeRule>> = rulesFor([
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Shape', shape],
  ['Size', () => [shaped(DataType.INT64, [])]],
  ['Range', range],
  ['RandomNormal RandomUniform', random],
  ['If', branch],
]);
