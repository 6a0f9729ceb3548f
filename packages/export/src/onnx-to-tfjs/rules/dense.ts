import { getFloat, getInt, tensorToFloat32 } from '@bitwright/onnx';
import { gatherRows, permuteArray } from '../../permute-array';
import { plainLayout } from '../../tfjs-to-onnx/value';
import type { KerasValue } from '../keras-value';
import { deferredWeight } from '../layer-writer';
import {
  arranged,
  dataInput,
  materialized,
  type NodeCall,
  type NodeConverter,
  plain,
  unsupported,
  weightInput,
} from '../node-call';

/** Gemm with a constant B: a Dense layer; alpha and beta go into its weights. */
export const gemmConverter: NodeConverter = {
  opTypes: ['Gemm'],
  convert(call) {
    const { node } = call;
    if (getInt(node, 'transA', 0) !== 0) throw unsupported(call, 'transA 0', '1');
    const b = weightInput(call, 1, 'B');
    const isTransposed = getInt(node, 'transB', 0) !== 0;
    const [rows = 1, columns = 1] = isTransposed ? [...b.shape].reverse() : b.shape;
    const alpha = getFloat(node, 'alpha', 1);
    const beta = getFloat(node, 'beta', 1);
    const kernel = (): Float32Array => {
      const matrix = isTransposed ? permuteArray(b.data, b.shape, [1, 0]) : b.data;
      return alpha === 1 ? matrix : matrix.map((w) => alpha * w);
    };
    const c = (node.input[2] ?? '') === '' ? undefined : weightInput(call, 2, 'C').data;
    if (c !== undefined && c.length !== columns && c.length !== 1)
      throw unsupported(call, `a bias of ${columns} values`, `${c.length}`);
    const bias =
      c === undefined
        ? undefined
        : Float32Array.from({ length: columns }, (_, i) => beta * (c[c.length === 1 ? 0 : i] ?? 0));
    return dense(call, dataInput(call, 0), [rows, columns], kernel, bias);
  },
};

/** MatMul with a constant matrix: a Dense layer over the last axis, with the vector an Add behind it adds as its bias. */
export const matMulConverter: NodeConverter = {
  opTypes: ['MatMul'],
  convert(call) {
    const b = weightInput(call, 1, 'right operand');
    const [rows = 1, columns = 1] = b.shape;
    if (b.shape.length !== 2) throw unsupported(call, 'a constant matrix', `a constant of ${b.shape.length} axes`);
    const sum = followingBias(call, columns);
    const value = dense(call, dataInput(call, 0), [rows, columns], () => b.data, sum?.bias);
    if (sum !== undefined) call.provide(sum.output, value);
    return value;
  },
};

/** The Add of a constant vector that alone reads the product. */
function followingBias(call: NodeCall, columns: number): { bias: Float32Array; output: string } | undefined {
  const product = call.node.output[0] ?? '';
  const [use, second] = call.index.consumers(product);
  if (use === undefined || second !== undefined || use.node.opType !== 'Add' || call.index.isOutput(product))
    return undefined;
  const other = use.node.input.find((name) => name !== product) ?? '';
  const vector = call.index.initializer(other);
  if (vector === undefined || Number(vector.dims.at(-1) ?? 0) !== columns) return undefined;
  if (vector.dims.slice(0, -1).some((d) => d !== 1n)) return undefined;
  return { bias: tensorToFloat32(vector), output: use.node.output[0] ?? '' };
}

function dense(
  call: NodeCall,
  input: KerasValue,
  [rows, columns]: readonly [number, number],
  kernel: () => Float32Array,
  bias: Float32Array | undefined,
): KerasValue {
  const rank = input.shape.length;
  const { featureOrder } = input;
  // The contracted axis must be the last; a flattened image permutes the rows instead.
  const value = materialized(call, input);
  const last = rank - 1;
  const x =
    featureOrder !== undefined || value.layout[last] === last
      ? value
      : plain(call, arranged(call, value, plainLayout(rank)));
  const values = () => (featureOrder === undefined ? kernel() : gatherRows(kernel(), columns, featureOrder));
  const layer = call.writer.add('Dense', [x.layer], {
    config: {
      units: columns,
      activation: 'linear',
      use_bias: bias !== undefined,
      kernel_initializer: { class_name: 'Zeros', config: {} },
    },
    weights: {
      kernel: deferredWeight([rows, columns], values),
      ...(bias === undefined ? {} : { bias: { shape: [columns], data: bias } }),
    },
  });
  return { layer, shape: [...input.shape.slice(0, -1), columns], layout: x.layout };
}
