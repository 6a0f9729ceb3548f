import { deepFreeze } from '../deep-freeze';
import { operatorTable } from '../operator-table';
import type { OperatorSupport, PlacementPolicy, TargetConstraints, WeightOnlySupport } from '../target';

/**
 * Explicit quantization: zero points are constant zeros, activations per tensor with all of −128…127, weights per tensor or
 * per output channel, the bias stays float.
 */
export const tensorrtConstraints: TargetConstraints = /* @__PURE__ */ deepFreeze<TargetConstraints>({
  activation: [
    {
      kind: 'linear',
      dtypes: ['int8'],
      mappings: ['symmetric'],
      granularities: ['perTensor'],
      codes: { qmin: -128, qmax: 127 },
      roundings: ['halfEven'],
    },
  ],
  weight: [{ kind: 'linear', dtypes: ['int8'], mappings: ['symmetric'], granularities: ['perTensor', 'perAxis'] }],
  bias: ['float'],
});

/** int4 weights in blocks, multiplied in half precision. */
export const tensorrtWeightOnly: WeightOnlySupport = /* @__PURE__ */ deepFreeze<WeightOnlySupport>({
  operators: ['MatMul', 'Gemm'],
  weight: [
    {
      kind: 'linear',
      dtypes: ['int4'],
      mappings: ['symmetric'],
      granularities: ['perGroup'],
      groupSizes: [64, 128],
      note: 'other block sizes depend on the GPU kernel and are not verified',
    },
  ],
});

/** Quantizers sit on the inputs of the computing operators; nothing stands between Conv, BatchNormalization and Relu. */
export const tensorrtPlacement: PlacementPolicy = /* @__PURE__ */ deepFreeze<PlacementPolicy>({
  quantize: 'inputs',
  floatOutputAllowed: ['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'Add', 'Mul'],
  weights: 'qdq',
  explicitZeroPoint: true,
  residualAdd: 'oneInput',
});

export const tensorrtOperators: Readonly<Record<string, OperatorSupport>> = /* @__PURE__ */ operatorTable({
  integer: ['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'Add', 'Mul'],
  absorbed: ['Relu', 'Clip'],
  passThrough: [
    'MaxPool',
    'AveragePool',
    'GlobalAveragePool',
    'Concat',
    'Resize',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Slice',
    'Split',
  ],
  float: {
    'TensorRT computes it in half or full precision; quantizing its result costs accuracy and saves nothing': [
      'Softmax',
      'LayerNormalization',
      'InstanceNormalization',
      'Sigmoid',
      'HardSigmoid',
      'HardSwish',
      'Tanh',
      'Gelu',
      'Erf',
      'Sqrt',
      'Pow',
      'ReduceMean',
    ],
  },
});
