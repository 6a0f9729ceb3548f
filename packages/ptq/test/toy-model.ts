import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  floatAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import type { Feeds } from '../src/feeds';

/** Deterministic values in [-1, 1), the same on every machine. */
export function values(length: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function weight(name: string, dims: readonly number[], seed: number): Tensor {
  return tensorFromArray(
    name,
    DataType.FLOAT,
    dims,
    values(
      dims.reduce((a, b) => a * b, 1),
      seed,
    ),
  );
}

/** conv – BatchNorm – relu – depthwise conv, added to the relu, average pool, Gemm: what quantization has to cope with, in small. */
export function toyModel(): Model {
  const pads = [intsAttribute('pads', [1, 1, 1, 1])];
  const node = (
    opType: string,
    inputs: string[],
    outputs: string[],
    attributes: ReturnType<typeof intsAttribute>[] = [],
  ) => createNode({ opType, name: `${opType}_${outputs[0]}`, inputs, outputs, attributes });
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'toy',
      inputs: [createValueInfo('x', DataType.FLOAT, ['N', 3, 8, 8])],
      outputs: [createValueInfo('logits', DataType.FLOAT, ['N', 5])],
      nodes: [
        node('Conv', ['x', 'w1'], ['c1'], pads),
        node(
          'BatchNormalization',
          ['c1', 'gamma', 'beta', 'mean', 'variance'],
          ['bn'],
          [floatAttribute('epsilon', 1e-5)],
        ),
        node('Relu', ['bn'], ['r1']),
        createNode({
          opType: 'Conv',
          name: 'depthwise',
          inputs: ['r1', 'w2', 'b2'],
          outputs: ['c2'],
          attributes: [...pads, intAttribute('group', 8)],
        }),
        node('Add', ['c2', 'r1'], ['sum']),
        node('GlobalAveragePool', ['sum'], ['pool']),
        node('Flatten', ['pool'], ['flat']),
        node('Gemm', ['flat', 'w3', 'b3'], ['logits']),
      ],
      initializers: [
        weight('w1', [8, 3, 3, 3], 1),
        weight('gamma', [8], 2),
        weight('beta', [8], 3),
        weight('mean', [8], 4),
        tensorFromArray(
          'variance',
          DataType.FLOAT,
          [8],
          values(8, 5).map((v) => 1.5 + v),
        ),
        weight('w2', [8, 1, 3, 3], 6),
        weight('b2', [8], 7),
        weight('w3', [8, 5], 8),
        weight('b3', [5], 9),
      ],
    }),
  });
}

/** `count` batches of `size` images each. */
export function toyFeeds(count: number, size = 4): Feeds[] {
  return Array.from({ length: count }, (_, i) => ({
    x: { type: 'float32', data: values(size * 3 * 64, 100 + i), dims: [size, 3, 8, 8] },
  }));
}
