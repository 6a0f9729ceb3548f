import { seededRandom } from '@bitwright/core';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  encodeModel,
  inferShapes,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  type NodeOptions,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import type { FeedTensor } from '../../feeds';
import type { Runtime } from '../../session';

/** Values in [-1, 1) from a seed. */
export function noise(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => 2 * random.next() - 1);
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

export function constant(name: string, dims: readonly number[], values: ArrayLike<number>): Tensor {
  return tensorFromArray(name, DataType.FLOAT, dims, Float32Array.from(values));
}

/** Noise whose channels along `axis` differ in size by random powers of two in 2^-4…2^4: what equalization is for. */
export function unevenWeight(name: string, dims: readonly number[], seed: number, axis = 0): Tensor {
  const values = noise(sizeOf(dims), seed);
  const random = seededRandom(seed + 1000);
  const inner = sizeOf(dims.slice(axis + 1));
  const channels = dims[axis] ?? 1;
  const factors = Array.from({ length: channels }, () => 2 ** (8 * random.next() - 4));
  return constant(
    name,
    dims,
    values.map((v, i) => v * (factors[Math.floor(i / inner) % channels] ?? 1)),
  );
}

export function node(
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: NodeOptions['attributes'] = [],
): Node {
  return createNode({ opType, name: `${opType}_${output}`, inputs, outputs: [output], attributes });
}

/** A convolution with bias and its constants; pads so that the size stays. */
export function conv(
  output: string,
  input: string,
  [outputs, inputs, size]: readonly [outputs: number, inputsPerGroup: number, size: number],
  seed: number,
  group = 1,
): { readonly node: Node; readonly constants: readonly Tensor[] } {
  const pad = Math.floor(size / 2);
  return {
    node: node('Conv', [input, `${output}.w`, `${output}.b`], output, [
      intsAttribute('pads', [pad, pad, pad, pad]),
      intAttribute('group', group),
    ]),
    constants: [
      unevenWeight(`${output}.w`, [outputs, inputs, size, size], seed),
      unevenWeight(`${output}.b`, [outputs], seed + 1),
    ],
  };
}

export interface NetworkParts {
  readonly nodes: readonly (Node | { readonly node: Node; readonly constants: readonly Tensor[] })[];
  readonly constants?: readonly Tensor[];
  readonly input: readonly (number | string)[];
  readonly outputs: readonly string[];
  readonly opset?: number;
}

/** A model with the input `x`. */
export function network({ nodes, constants = [], input, outputs, opset = 17 }: NetworkParts): Model {
  const layers = nodes.map((part) => ('constants' in part ? part : { node: part, constants: [] }));
  const build = (dims: (name: string) => readonly (number | string | undefined)[] | undefined): Model =>
    createModel({
      irVersion: 8,
      opsets: { '': opset },
      graph: createGraph({
        name: 'network',
        nodes: layers.map((layer) => layer.node),
        inputs: [createValueInfo('x', DataType.FLOAT, input)],
        outputs: outputs.map((name) => createValueInfo(name, DataType.FLOAT, dims(name))),
        initializers: [...layers.flatMap((layer) => layer.constants), ...constants],
      }),
    });
  const types = inferShapes(build(() => undefined));
  return build((name) => types.get(name)?.dims);
}

/** conv 3×3 – f – depthwise 3×3 – f – conv 1×1 – f – pool – flatten – gemm, like a mobile network in small. */
export function depthwiseNetwork(activation: (input: string, output: string) => Node = relu): Model {
  return network({
    nodes: [
      conv('c1', 'x', [6, 3, 3], 1),
      activation('c1', 'a1'),
      conv('c2', 'a1', [6, 1, 3], 3, 6),
      activation('c2', 'a2'),
      conv('c3', 'a2', [8, 6, 1], 5),
      activation('c3', 'a3'),
      node('GlobalAveragePool', ['a3'], 'pool'),
      node('Flatten', ['pool'], 'flat'),
      node('Gemm', ['flat', 'fc.w', 'fc.b'], 'y'),
    ],
    constants: [
      unevenWeight('fc.w', [8, 5], 7),
      unevenWeight('fc.b', [5], 8),
      constant('zero', [], [0]),
      constant('six', [], [6]),
    ],
    input: ['N', 3, 8, 8],
    outputs: ['y'],
  });
}

export function relu(input: string, output: string): Node {
  return node('Relu', [input], output);
}

export function relu6(input: string, output: string): Node {
  return node('Clip', [input, 'zero', 'six'], output);
}

export function imageFeed(dims: readonly number[], seed: number, scale = 1): FeedTensor {
  return { type: 'float32', data: noise(sizeOf(dims), seed).map((v) => v * scale), dims };
}

/** All outputs of a model for one input, end to end. */
export async function outputsOf(runtime: Runtime, model: Model, x: FeedTensor): Promise<Float32Array> {
  const session = await runtime.createSession(encodeModel(model), { threads: 1 });
  const results = await session.run({ x });
  await session.release();
  return Float32Array.from(session.outputs.flatMap((name) => [...(results[name]?.data as Float32Array)]));
}

/** max |a − b| / max |a| */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  const largest = a.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return a.reduce((max, v, i) => Math.max(max, Math.abs(v - (b[i] ?? Number.NaN))), 0) / largest;
}

/** Largest |w| per index of one axis of an initializer. */
export function channelMaxima(model: Model, name: string, axis: number): number[] {
  const tensor = model.graph?.initializer.find((candidate) => candidate.name === name);
  const dims = tensor?.dims.map(Number) ?? [];
  const values = new Float32Array(tensor?.rawData.slice().buffer ?? new ArrayBuffer(0));
  const inner = sizeOf(dims.slice(axis + 1));
  const maxima = new Array<number>(dims[axis] ?? 0).fill(0);
  values.forEach((v, i) => {
    const c = Math.floor(i / inner) % maxima.length;
    maxima[c] = Math.max(maxima[c] ?? 0, Math.abs(v));
  });
  return maxima;
}
