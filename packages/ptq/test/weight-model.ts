import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  type Model,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';

/** Deterministic values in [−1, 1). */
export function noise(length: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function floatTensor(name: string, dims: readonly number[], seed: number): Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  return tensorFromArray(name, DataType.FLOAT, dims, noise(count, seed));
}

/** Embedding of 96 tokens, one hidden layer with Relu, and an output layer tied to the embedding as a transposed copy. */
export function tinyLanguageModel(): Model {
  const table = floatTensor('table', [96, 64], 1);
  const data = new Float32Array(table.rawData.slice().buffer);
  const swapped = Float32Array.from(data, (_, i) => data[(i % 96) * 64 + Math.floor(i / 96)] as number);
  const node = (opType: string, name: string, inputs: string[], output: string) =>
    createNode({ opType, name, inputs, outputs: [output] });
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'tiny',
      nodes: [
        node('Gather', 'embed', ['table', 'tokens'], 'e'),
        node('MatMul', 'up', ['e', 'w1'], 'a'),
        node('Relu', 'relu', ['a'], 'b'),
        node('MatMul', 'down', ['b', 'w2'], 'c'),
        node('Add', 'residual', ['c', 'e'], 'd'),
        node('MatMul', 'head', ['d', 'out'], 'logits'),
      ],
      initializers: [
        table,
        floatTensor('w1', [64, 128], 2),
        floatTensor('w2', [128, 64], 3),
        tensorFromArray('out', DataType.FLOAT, [64, 96], swapped),
      ],
      inputs: [createValueInfo('tokens', DataType.INT64, ['batch', 'sequence'])],
      outputs: [createValueInfo('logits', DataType.FLOAT, ['batch', 'sequence', 96])],
    }),
  });
}

/** Token sequences for it. */
export function tokenFeeds(samples: number): { tokens: { type: 'int64'; data: BigInt64Array; dims: number[] } }[] {
  return Array.from({ length: samples }, (_, sample) => ({
    tokens: {
      type: 'int64',
      data: BigInt64Array.from(noise(16, 100 + sample), (v) => BigInt(Math.floor(48 * (v + 1)))),
      dims: [1, 16],
    },
  }));
}
