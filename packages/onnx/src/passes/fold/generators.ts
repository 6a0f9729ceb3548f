import { DataType } from '../../tensor/data-type';
import { buildConstant, constantOf } from './constant-tensor';
import type { Evaluate } from './evaluate-types';

const shape: Evaluate = (c, [x], [dims]) => {
  if (x === undefined) return undefined;
  const rank = x.dims.length;
  const raw = c.int('start') ?? 0;
  const start = Math.min(Math.max(raw < 0 ? raw + rank : raw, 0), rank);
  return [buildConstant(DataType.INT64, dims ?? [rank], (i) => x.dims[start + i] ?? 0)];
};

const constantOfShape: Evaluate = (c, _, [dims]) => {
  const value = c.tensor('value');
  const fill = value === undefined ? undefined : constantOf(value, undefined);
  if (dims === undefined || (value !== undefined && fill === undefined)) return undefined;
  return [buildConstant(value?.dataType ?? DataType.FLOAT, dims, () => fill?.data[0] ?? 0)];
};

/** start + i·delta; integers only, because runtimes accumulate floats differently. */
const range: Evaluate = (_, [start, __, delta], [dims]) => {
  if (start === undefined || delta === undefined || dims === undefined) return undefined;
  if (start.dataType !== DataType.INT64 && start.dataType !== DataType.INT32) return undefined;
  const [first = 0, step = 0] = [start.data[0], delta.data[0]];
  return [buildConstant(start.dataType, dims, (i) => BigInt(first) + BigInt(i) * BigInt(step))];
};

/** Operators that make a tensor out of sizes and bounds. */
export const generatorEvaluators: Readonly<Record<string, Evaluate>> = {
  Shape: shape,
  Size: (_, [x]) => (x === undefined ? undefined : [buildConstant(DataType.INT64, [], () => x.data.length)]),
  ConstantOfShape: constantOfShape,
  Range: range,
};
