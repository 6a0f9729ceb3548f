import { deepFreeze } from '../deep-freeze';
import { operatorTable } from '../operator-table';
import type { OperatorSupport, PlacementPolicy } from '../target';

/** Every tensor has an encoding: quantizers on inputs and outputs, Relu merged into its producer. */
export const qualcommPlacement: PlacementPolicy = /* @__PURE__ */ deepFreeze<PlacementPolicy>({
  quantize: 'inputsAndOutputs',
  floatOutputAllowed: [],
  weights: 'quantized',
  explicitZeroPoint: true,
});

/** Operators with fixed-point versions; the DSP runs everything on integers, so nothing is float by default. */
export const qualcommOperators: Readonly<Record<string, OperatorSupport>> = /* @__PURE__ */ operatorTable({
  integer: [
    'Conv',
    'ConvTranspose',
    'MatMul',
    'Gemm',
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Concat',
    'AveragePool',
    'GlobalAveragePool',
    'ReduceMean',
    'Resize',
    'Sigmoid',
    'Tanh',
    'HardSwish',
    'LeakyRelu',
    'PRelu',
    'Softmax',
    'LayerNormalization',
    'InstanceNormalization',
    'Pad',
  ],
  absorbed: ['Relu', 'Clip'],
  passThrough: [
    'MaxPool',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Slice',
    'Split',
    'Gather',
    'DepthToSpace',
    'SpaceToDepth',
  ],
});
