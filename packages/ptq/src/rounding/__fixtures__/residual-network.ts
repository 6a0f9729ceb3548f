import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import type { Feeds, SampleSource } from '../../feeds';

/** Deterministic values in [-1, 1). */
export function values(length: number, seed: number): Float32Array {
  let state = Math.imul(seed, 0x9e3779b1) + 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Stem convolution, Relu, depthwise convolution (stride 2 shortcut-free), pointwise convolution added to the stem, pool, Gemm. */
export function residualNetwork(): Model {
  const weight = (name: string, dims: readonly number[], seed: number): Tensor =>
    tensorFromArray(
      name,
      DataType.FLOAT,
      dims,
      values(
        dims.reduce((a, b) => a * b, 1),
        seed,
      ),
    );
  const conv = (name: string, input: string, output: string, pads: number, group = 1): Node =>
    createNode({
      opType: 'Conv',
      name,
      inputs: [input, `${name}.w`, `${name}.b`],
      outputs: [output],
      attributes: [intsAttribute('pads', [pads, pads, pads, pads]), intAttribute('group', group)],
    });
  const op = (opType: string, inputs: readonly string[], output: string): Node =>
    createNode({ opType, name: `${opType}_${output}`, inputs, outputs: [output] });
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'residual',
      nodes: [
        conv('stem', 'x', 'a', 1),
        op('Relu', ['a'], 'b'),
        conv('depthwise', 'b', 'c', 1, 6),
        op('Relu', ['c'], 'd'),
        conv('pointwise', 'd', 'e', 0),
        op('Add', ['b', 'e'], 'f'),
        op('Relu', ['f'], 'g'),
        op('GlobalAveragePool', ['g'], 'h'),
        op('Flatten', ['h'], 'i'),
        op('Gemm', ['i', 'head.w', 'head.b'], 'y'),
      ],
      inputs: [createValueInfo('x', DataType.FLOAT, ['n', 3, 8, 8])],
      outputs: [createValueInfo('y', DataType.FLOAT, ['n', 4])],
      initializers: [
        weight('stem.w', [6, 3, 3, 3], 1),
        weight('stem.b', [6], 2),
        weight('depthwise.w', [6, 1, 3, 3], 3),
        weight('depthwise.b', [6], 4),
        weight('pointwise.w', [6, 6, 1, 1], 5),
        weight('pointwise.b', [6], 6),
        weight('head.w', [6, 4], 7),
        weight('head.b', [4], 8),
      ],
    }),
  });
}

/** Smooth random images: neighbouring pixels are alike, as in photographs. */
export function smoothSamples(count: number, seed: number): SampleSource {
  const noise = values(count * 3 * 64, seed);
  const data = noise.map((v, i) => (v + (noise[i - 1] ?? v) + (noise[i - 8] ?? v) + (noise[i - 9] ?? v)) / 2);
  return {
    length: count,
    description: `${count} smooth random images`,
    async *batches(batchSize): AsyncGenerator<Feeds> {
      for (let first = 0; first < count; first += batchSize) {
        const n = Math.min(batchSize, count - first);
        const part = data.slice(first * 192, (first + n) * 192);
        yield { x: { type: 'float32', data: part, dims: [n, 3, 8, 8] } };
      }
    },
  };
}
