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
} from '@bitwright/onnx';

/** Deterministic values in [-1, 1): a small multiplicative generator, the same on every machine. */
export function values(length: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function weight(name: string, dims: readonly number[], seed: number): Tensor {
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

export function conv(name: string, input: string, output: string, bias = true): Node {
  return createNode({
    opType: 'Conv',
    name,
    inputs: [input, `${name}.w`, ...(bias ? [`${name}.b`] : [])],
    outputs: [output],
    attributes: [intsAttribute('pads', [1, 1, 1, 1])],
  });
}

export function op(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  rest: Partial<Parameters<typeof createNode>[0]> = {},
): Node {
  return createNode({ opType, name: `${opType}_${outputs[0]}`, inputs, outputs, ...rest });
}

export interface ToyOptions {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly input?: readonly (number | string)[];
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly opset?: number;
}

export function toy(options: ToyOptions): Model {
  return createModel({
    irVersion: 8,
    opsets: { '': options.opset ?? 17 },
    graph: createGraph({
      name: 'toy',
      nodes: options.nodes,
      inputs: [createValueInfo('x', DataType.FLOAT, options.input ?? ['N', 4, 8, 8])],
      outputs: Object.entries(options.outputs).map(([name, dims]) => createValueInfo(name, DataType.FLOAT, dims)),
      initializers: options.initializers,
    }),
  });
}

/** conv – relu – conv, added to the first relu, relu, global average pool, flatten, gemm: a residual network in small. */
export function residualModel(): Model {
  return toy({
    nodes: [
      conv('conv1', 'x', 'c1'),
      op('Relu', ['c1'], ['r1']),
      conv('conv2', 'r1', 'c2'),
      op('Add', ['c2', 'r1'], ['sum']),
      op('Relu', ['sum'], ['r2']),
      op('GlobalAveragePool', ['r2'], ['pool']),
      op('Flatten', ['pool'], ['flat']),
      op('Gemm', ['flat', 'fc.w', 'fc.b'], ['logits']),
    ],
    initializers: [
      weight('conv1.w', [4, 4, 3, 3], 1),
      weight('conv1.b', [4], 2),
      weight('conv2.w', [4, 4, 3, 3], 3),
      weight('conv2.b', [4], 4),
      weight('fc.w', [4, 5], 5),
      weight('fc.b', [5], 6),
    ],
    outputs: { logits: ['N', 5] },
  });
}
