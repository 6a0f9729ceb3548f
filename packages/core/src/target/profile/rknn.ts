import { uint8 } from '../../dtype';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/**
 * Rockchip RKNN: asymmetric 8 bits per tensor, or int8 symmetric weights per channel. The model format is closed; the toolkit
 * quantizes by itself from an ONNX model, so a plan is advice that its hybrid configuration takes.
 */
export const rknn: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'rknn',
  title: 'Rockchip RKNN',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    weight: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    bias: 'int32',
  },
  dtypes: { activation: ['uint8'], weight: ['uint8', 'int8'] },
  constraints: {
    activation: [{ kind: 'linear', dtypes: ['uint8'], granularities: ['perTensor'] }],
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
      'MatMul',
      'Add',
      'Mul',
      'Concat',
      'AveragePool',
      'GlobalAveragePool',
      'Sigmoid',
    ],
    absorbed: ['Relu', 'Clip'],
    passThrough: ['MaxPool', 'Reshape', 'Flatten', 'Transpose', 'Slice', 'Split'],
  }),
  peakMacsPerCycle: {},
  kernelFormats: ['f16', 'i8'],
  exporter: 'rknn-config',
  evidence: {
    schemes: 'source',
    placement: 'unverified',
    operators: 'unverified',
    sources: ['PPQ 0.6.6 RKNN platforms', 'RKNN-Toolkit2 options'],
  },
  notes: ['Keys of the hybrid configuration and import of QDQ models are not verified.'],
});
