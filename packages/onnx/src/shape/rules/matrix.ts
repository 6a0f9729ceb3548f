import { DataType } from '../../tensor/data-type';
import { broadcastDims, type Dim } from '../dim';
import type { InferContext, ShapeRule, TensorShape } from '../infer-types';
import { rulesFor, shaped } from './rule-parts';

/** Shape of `a @ b` under NumPy rules: vectors get an axis that the result drops again. */
const productDims = (a: readonly Dim[] | undefined, b: readonly Dim[] | undefined): readonly Dim[] | undefined => {
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return undefined;
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const batch = broadcastDims([left.slice(0, -2), right.slice(0, -2)]);
  if (batch === undefined) return undefined;
  const rows = a.length === 1 ? [] : [left.at(-2)];
  const columns = b.length === 1 ? [] : [right.at(-1)];
  return [...batch, ...rows, ...columns];
};

const product =
  (bInput: number, dataType: (c: InferContext) => number): ShapeRule =>
  (c) => [shaped(dataType(c), productDims(c.dims(0), c.dims(bInput)))];

const general =
  (bInput: number, dataType: (c: InferContext) => number): ShapeRule =>
  (c) => {
    const a = c.dims(0);
    const b = c.dims(bInput);
    if (a?.length !== 2 || b?.length !== 2) return [shaped(dataType(c), undefined)];
    const rows = (c.int('transA') ?? 0) !== 0 ? a[1] : a[0];
    const columns = (c.int('transB') ?? 0) !== 0 ? b[0] : b[1];
    return [shaped(dataType(c), [rows, columns])];
  };

const multiplyBits: ShapeRule = (c) => {
  const a = c.dims(0);
  return [shaped(c.dataType(0), a === undefined ? undefined : [...a.slice(0, -1), c.int('N')])];
};

/** Recurrent layers: Y [T, D, N, H] (or [N, T, D, H] with layout 1), final states [D, N, H] (or [N, D, H]). */
const recurrent =
  (stateCount: number): ShapeRule =>
  (c) => {
    const x = c.dims(0);
    const hidden = c.int('hidden_size') ?? c.dims(2)?.[2];
    const directions = (c.string('direction') ?? 'forward') === 'bidirectional' ? 2 : 1;
    const batchFirst = (c.int('layout') ?? 0) === 1;
    const [first, second] = x ?? [];
    const [steps, batch] = batchFirst ? [second, first] : [first, second];
    const y = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden];
    const state: TensorShape = shaped(
      c.dataType(0),
      batchFirst ? [batch, directions, hidden] : [directions, batch, hidden],
    );
    return [shaped(c.dataType(0), y), ...new Array<TensorShape>(stateCount).fill(state)];
  };

const float = (): number => DataType.FLOAT;

/** Matrix products and recurrent layers, float and integer. */
export const matrixRules: Readonly<Record<string, ShapeRule>> = rulesFor([
  ['MatMul com.microsoft:FusedMatMul', product(1, (c) => c.dataType(0))],
  ['MatMulInteger', product(1, () => DataType.INT32)],
  ['QLinearMatMul', product(3, (c) => c.dataType(7))],
  ['com.microsoft:MatMulIntegerToFloat com.microsoft:DynamicQuantizeMatMul', product(1, float)],
  ['Gemm', general(1, (c) => c.dataType(0))],
  ['com.microsoft:QGemm', general(3, (c) => (c.has(8) ? c.dataType(8) : c.has(7) ? DataType.UINT8 : DataType.FLOAT))],
  ['com.microsoft:MatMulNBits', multiplyBits],
  ['LSTM com.microsoft:DynamicQuantizeLSTM', recurrent(2)],
  ['GRU RNN', recurrent(1)],
]);
