import {
  type Attribute,
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  type Model,
  type Node,
  type Tensor,
  tensorFromArray,
  tensorFromFloat32,
} from '@bitwright/onnx';

/** Float tensor of pseudo-random values in ±1, the same for the same name. */
export function noise(name: string, dims: readonly number[], shift = 0): Tensor {
  let state = [...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7);
  const count = dims.reduce((product, dim) => product * dim, 1);
  const values = Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * 0.9 + shift;
  });
  return tensorFromFloat32(name, DataType.FLOAT, dims, values);
}

/** int64 tensor, [n] unless dims are given. */
export function int64s(name: string, values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return tensorFromArray(name, DataType.INT64, dims, BigInt64Array.from(values.map(BigInt)));
}

/** Node named after its operator and first output. */
export function op(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Attribute[] = [],
): Node {
  return createNode({ opType, inputs, outputs, attributes, name: `${opType}_${outputs[0]}` });
}

/** Sizes of a model input. */
export type InputSizes = Readonly<Record<string, readonly (number | string)[]>>;

/** Model of float inputs with the given sizes and float outputs of unknown sizes. */
export function smallModel(
  nodes: readonly Node[],
  inputs: InputSizes,
  initializers: readonly Tensor[] = [],
  options: {
    readonly opset?: number;
    readonly outputs?: readonly string[];
    readonly types?: Readonly<Record<string, number>>;
  } = {},
): Model {
  const { opset = 17, outputs = ['y'], types = {} } = options;
  const typeOf = (name: string): number => types[name] ?? DataType.FLOAT;
  const graph = createGraph({
    name: 'small',
    nodes,
    inputs: Object.entries(inputs).map(([name, dims]) => createValueInfo(name, typeOf(name), dims)),
    outputs: outputs.map((name) => createValueInfo(name, typeOf(name))),
    initializers,
  });
  return createModel({
    graph,
    opsets: { '': opset, 'com.microsoft': 1 },
    irVersion: opset >= 19 ? 10 : opset >= 13 ? 8 : 7,
  });
}

/** Operators of a model in order. */
export function operators(model: Model): string[] {
  return (model.graph?.node ?? []).map((node) => node.opType);
}
