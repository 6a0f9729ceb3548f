import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  graphAttribute,
  type Model,
  type Node,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { values, weight } from './toy-models';

/** Inputs of the small models of these tests: float matrices, or rows to look up. */
export interface InputSpec {
  readonly type: 'float32' | 'int64' | 'bool';
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint8Array;
}

const types = { float32: DataType.FLOAT, int64: DataType.INT64, bool: DataType.BOOL } as const;

export const floats = (dims: readonly number[], seed = 99): InputSpec => ({
  type: 'float32',
  dims,
  data: values(
    dims.reduce((a, b) => a * b, 1),
    seed,
  ),
});

export const indices = (...rows: number[]): InputSpec => ({
  type: 'int64',
  dims: [1, rows.length],
  data: BigInt64Array.from(rows, BigInt),
});

export function smallModel(
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  inputs: Readonly<Record<string, InputSpec>>,
  outputs: readonly string[],
  opset = 17,
): Model {
  return createModel({
    irVersion: opset >= 21 ? 10 : 8,
    opsets: { '': opset },
    graph: createGraph({
      name: 'small',
      nodes,
      initializers,
      inputs: Object.entries(inputs).map(([name, { type, dims }]) => createValueInfo(name, types[type], dims)),
      outputs: outputs.map((name) => createValueInfo(name, DataType.FLOAT)),
    }),
  });
}

/** Runs a model and returns its first output. */
export async function runSmall(
  model: Model,
  inputs: Readonly<Record<string, InputSpec>>,
  optimization: 'disabled' | 'all' = 'all',
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: optimization,
    logSeverityLevel: 4,
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, [...dims])]),
  );
  const results = await session.run(feeds);
  await session.release();
  return Object.values(results)[0]?.data as Float32Array;
}

/** If on `flag`, with a MatMul by the outer weight in one branch and by a weight of its own in the other. */
export function branchModel(inputs: Readonly<Record<string, InputSpec>>): Model {
  const branch = (name: string, table: string, own: readonly Tensor[]) =>
    createGraph({
      name,
      nodes: [createNode({ opType: 'MatMul', name: `${name}_matmul`, inputs: ['x', table], outputs: [`${name}_y`] })],
      inputs: [],
      outputs: [createValueInfo(`${name}_y`, DataType.FLOAT)],
      initializers: own,
    });
  const node = createNode({
    opType: 'If',
    name: 'choice',
    inputs: ['flag'],
    outputs: ['y'],
    attributes: [
      graphAttribute('then_branch', branch('then', 'w', [])),
      graphAttribute('else_branch', branch('else', 'v', [weight('v', [64, 32], 5)])),
    ],
  });
  return smallModel([node], [weight('w', [64, 32], 4)], inputs, ['y']);
}

/** Largest difference relative to the largest reference value. */
export function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  const most = expected.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return actual.reduce((max, v, i) => Math.max(max, Math.abs(v - (expected[i] as number))), 0) / most;
}

export const flag = (value: boolean): InputSpec => ({ type: 'bool', dims: [], data: Uint8Array.of(value ? 1 : 0) });

export const floatTensor = (name: string, dims: readonly number[], data: Float32Array): Tensor =>
  tensorFromArray(name, DataType.FLOAT, dims, data);
