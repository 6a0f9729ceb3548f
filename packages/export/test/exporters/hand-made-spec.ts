import {
  int8,
  type LinearScheme,
  linearScheme,
  perAxis,
  type QuantizationSpec,
  type TensorQuantization,
  uint8,
} from '@bitwright/core';
import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  type Model,
  tensorFromArray,
} from '@bitwright/onnx';

export const symmetric: LinearScheme = linearScheme({ dtype: int8, mapping: 'symmetric' });
export const unsigned: LinearScheme = linearScheme({ dtype: uint8 });
export const perChannel: LinearScheme = linearScheme({
  dtype: int8,
  mapping: 'symmetric',
  narrowRange: true,
  granularity: perAxis(0),
});

export function tensor(
  role: TensorQuantization['role'],
  scheme: LinearScheme,
  scale: readonly number[],
  zeroPoint: readonly number[] = scale.map(() => 0),
): TensorQuantization {
  return {
    role,
    scheme,
    qparams: { scale: Float32Array.from(scale), zeroPoint: Int32Array.from(zeroPoint) },
    origin: { source: 'user' },
  };
}

/** One convolution 1×1 of two channels: `input` → conv1 → `conv1_out`; names can be chosen. */
export function oneConvolution(
  names: { readonly input?: string; readonly output?: string; readonly node?: string; readonly weight?: string } = {},
): Model {
  const { input = 'input_1', output = 'conv1_out', node = 'conv1', weight = 'w' } = names;
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'one',
      nodes: [createNode({ opType: 'Conv', name: node, inputs: [input, weight], outputs: [output] })],
      inputs: [createValueInfo(input, DataType.FLOAT, ['N', 2, 4, 4])],
      outputs: [createValueInfo(output, DataType.FLOAT, ['N', 2, 4, 4])],
      initializers: [tensorFromArray(weight, DataType.FLOAT, [2, 2, 1, 1], Float32Array.of(1.27, -0.5, 0.25, 0.635))],
    }),
  });
}

export function specOf(
  tensors: Readonly<Record<string, TensorQuantization>>,
  nodes: readonly string[] = ['conv1'],
  target = 'tensorrt-10',
): QuantizationSpec {
  const decisions = nodes.map((name) => [name, { kind: 'integer' as const, operator: 'Conv' }]);
  return {
    version: 1,
    target,
    tensors,
    nodes: Object.fromEntries(decisions),
    provenance: { tool: { name: 'test', version: '0' } },
  };
}
