import {
  biasScheme,
  chooseQParams,
  emptySpec,
  makeRange,
  perAxis,
  perTensor,
  type QuantizationSpec,
  type Target,
  type TensorQuantization,
  withScheme,
} from '@bitwright/core';
import { findExporter, planPlacement } from '@bitwright/export';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  intsAttribute,
  type Model,
  type Node,
  type Tensor,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { loadPackedModel } from '../src/index';

/** Deterministic values in [−1, 1). */
export function values(length: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, d) => product * d, 1);
}

export function weight(name: string, dims: readonly number[], seed: number): Tensor {
  return tensorFromArray(name, DataType.FLOAT, dims, values(sizeOf(dims), seed));
}

export function int64(name: string, list: readonly number[]): Tensor {
  return tensorFromArray(name, DataType.INT64, [list.length], BigInt64Array.from(list, BigInt));
}

type Attributes = Parameters<typeof createNode>[0]['attributes'];

export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = [],
): Node {
  return createNode({ opType, name: `${opType}_${outputs[0]}`, inputs, outputs, attributes });
}

export function pads(...list: number[]): ReturnType<typeof intsAttribute> {
  return intsAttribute('pads', list);
}

export interface Network {
  readonly model: Model;
  readonly dims: readonly number[];
}

/** A network on the input `x` of float32. */
export function network(
  dims: readonly number[],
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  outputs: Readonly<Record<string, readonly (number | string)[]>>,
): Network {
  const model = createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'toy',
      nodes,
      inputs: [createValueInfo('x', DataType.FLOAT, ['N', ...dims.slice(1)])],
      outputs: Object.entries(outputs).map(([name, shape]) => createValueInfo(name, DataType.FLOAT, shape)),
      initializers,
    }),
  });
  return { model, dims };
}

/** The float network and its spec as a packed model. */
export function packed(model: Model, spec: QuantizationSpec): Uint8Array {
  return findExporter('packed').write(spec, model)[0]!.bytes;
}

const noSpec = emptySpec('ort-x64', { tool: { name: 'test', version: '0' } });

/** Quantizes a network for a target, with the ranges of one input. */
export function specFor({ model, dims }: Network, target: Target, input: Float32Array): QuantizationSpec {
  const placement = planPlacement(model, { target });
  const real = loadPackedModel(packed(model, noSpec));
  const names = [...placement.activations.keys()];
  const seen = real.run({ x: { data: input, shape: dims } }, { observe: names });
  const tensors: Record<string, TensorQuantization> = {};
  for (const { tensor, scheme, leader } of placement.activations.values()) {
    const data = seen[leader]!.data;
    const range = makeRange(Math.min(...data), Math.max(...data));
    const origin = leader === tensor ? ({ source: 'user' } as const) : ({ source: 'derived', from: [leader] } as const);
    tensors[tensor] = { role: 'activation', scheme, qparams: chooseQParams(range, scheme), origin };
  }
  const constant = (name: string) => model.graph!.initializer.find((each) => each.name === name)!;
  for (const { tensor, scheme } of placement.weights.values()) {
    const { granularity } = scheme;
    const data = tensorToFloat32(constant(tensor));
    const shape = constant(tensor).dims.map(Number);
    const axis = granularity.kind === 'perAxis' ? granularity.axis : 0;
    const inner = sizeOf(shape.slice(axis + 1));
    const count = granularity.kind === 'perAxis' ? shape[axis]! : 1;
    const [low, high] = [new Array<number>(count).fill(0), new Array<number>(count).fill(0)];
    data.forEach((v, i) => {
      const channel = count === 1 ? 0 : Math.floor(i / inner) % count;
      low[channel] = Math.min(low[channel]!, v);
      high[channel] = Math.max(high[channel]!, v);
    });
    tensors[tensor] = {
      role: 'weight',
      scheme,
      qparams: chooseQParams(makeRange(low, high), scheme),
      origin: { source: 'user' },
    };
  }
  for (const bias of placement.biases.values()) {
    const scale = tensors[bias.weight]!.qparams.scale.map((s) =>
      Math.fround(tensors[bias.activation]!.qparams.scale[0]! * s),
    );
    tensors[bias.tensor] = {
      role: 'bias',
      scheme: withScheme(biasScheme(perTensor), { granularity: scale.length === 1 ? perTensor : perAxis(bias.axis) }),
      qparams: { scale, zeroPoint: new Int32Array(scale.length) },
      origin: { source: 'derived', from: [bias.activation, bias.weight] },
    };
  }
  return { ...noSpec, target: target.id, tensors, nodes: Object.fromEntries(placement.nodes) };
}
