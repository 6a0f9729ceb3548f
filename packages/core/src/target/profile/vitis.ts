import { int8 } from '../../dtype';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/**
 * Xilinx/AMD Vitis AI DPU: 8-bit symmetric with power-of-two scales per tensor, for weights, biases and activations.
 * scale = 2^−position. Activations round to the nearest even code, except that negative ties go toward +∞.
 */
export const vitis: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'vitis',
  title: 'Vitis AI DPU',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      scaleForm: 'powerOfTwo',
      rounding: 'halfEvenNegativeUp',
    }),
    weight: /* @__PURE__ */ linearScheme({ dtype: int8, mapping: 'symmetric', scaleForm: 'powerOfTwo' }),
    bias: 'powerOfTwo',
  },
  dtypes: { activation: ['int8'], weight: ['int8'] },
  constraints: {
    activation: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor'],
        powerOfTwo: true,
        roundings: ['halfEvenNegativeUp'],
      },
    ],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor'],
        powerOfTwo: true,
      },
    ],
    bias: ['powerOfTwo'],
  },
  placement: {
    quantize: 'inputsAndOutputs',
    floatOutputAllowed: [],
    weights: 'qdq',
    explicitZeroPoint: true,
  },
  operators: /* @__PURE__ */ operatorTable({
    integer: [
      'Conv',
      'ConvTranspose',
      'Gemm',
      'MatMul',
      'Add',
      'Mul',
      'Concat',
      'AveragePool',
      'GlobalAveragePool',
      'PRelu',
      'Resize',
    ],
    absorbed: ['Relu', 'Clip'],
    passThrough: ['MaxPool', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze'],
    float: {
      'the DPU hands it to the CPU': ['Softmax', 'Sigmoid', 'Tanh', 'HardSwish', 'LayerNormalization', 'ReduceMean'],
    },
  }),
  peakMacsPerCycle: {},
  kernelFormats: ['i8'],
  exporter: 'vitis-positions',
  evidence: {
    schemes: 'source',
    placement: 'documentation',
    operators: 'unverified',
    sources: ['Vitis AI b2b2279', 'MQBench Vitis backend and its documentation'],
  },
  notes: [
    'Positions are integers in [−128, 127]; the usual search tries the position from the range and four more.',
    'Shifts between input, weight, bias and output positions are limited by the DPU; the compiler checks them.',
  ],
});
