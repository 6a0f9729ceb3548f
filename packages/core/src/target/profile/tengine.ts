import { uint8 } from '../../dtype';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { neon, neondot } from '../instruction-set/arm';
import { peaksOf } from '../instruction-set/instruction-set';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/**
 * Tengine: uint8 asymmetric per tensor for activations and weights, or int8 symmetric with per-channel weights that its tool
 * computes (−127…127). Reads a `.scale` table.
 */
export const tengine: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'tengine',
  title: 'Tengine',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    weight: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    bias: 'int32',
  },
  dtypes: { activation: ['uint8', 'int8'], weight: ['uint8', 'int8'] },
  constraints: {
    activation: [
      { kind: 'linear', dtypes: ['uint8'], granularities: ['perTensor'] },
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor'],
        codes: { qmin: -127, qmax: 127 },
      },
    ],
    weight: [
      { kind: 'linear', dtypes: ['uint8'], granularities: ['perTensor'] },
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perAxis'],
        codes: { qmin: -127, qmax: 127 },
      },
    ],
    bias: ['int32'],
  },
  placement: { quantize: 'inputsAndOutputs', floatOutputAllowed: [], weights: 'quantized', explicitZeroPoint: true },
  operators: /* @__PURE__ */ operatorTable({
    integer: [
      'Conv',
      'ConvTranspose',
      'Gemm',
      'Add',
      'Mul',
      'Concat',
      'AveragePool',
      'GlobalAveragePool',
      'HardSwish',
      'Sigmoid',
    ],
    absorbed: ['Relu', 'Clip'],
    passThrough: ['MaxPool', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Slice', 'Split'],
    fixedOutput: { Softmax: { scale: 1 / 127, zeroPoint: 0 } },
  }),
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([neon, neondot]),
  kernelFormats: ['f32', 'f16', 'i8'],
  exporter: 'tengine-scale',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'unverified',
    sources: ['Tengine c73708c quantization tools', 'MQBench Tengine_u8 backend', 'PPQ 0.6.6 Tengine platform'],
  },
  notes: [
    'The fixed softmax output 1/127 is that of the int8 mode.',
    'After fusing Relu, the convolution output carries the scale of the Relu.',
    'Tensor names must not hold spaces.',
  ],
});
