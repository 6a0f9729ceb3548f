import { int8, uint8 } from '../../dtype';
import { perAxis } from '../../granularity';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/** 2^-23, the smallest step of float32 at 1: the record format takes scales within [this, 1/this]. */
const floatEpsilon = 2 ** -23;

/**
 * Huawei Ascend (AMCT): asymmetric activations per tensor, int8 symmetric weights (offset 0), per channel for convolutions;
 * ties away from zero; bias float.
 */
export const ascend: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ascend',
  title: 'Huawei Ascend (AMCT)',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: uint8, rounding: 'halfAway' }),
    weight: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      rounding: 'halfAway',
      granularity: /* @__PURE__ */ perAxis(0),
    }),
    bias: 'float',
  },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8'] },
  constraints: {
    activation: [
      {
        kind: 'linear',
        dtypes: ['uint8', 'int8'],
        granularities: ['perTensor'],
        roundings: ['halfAway'],
        scale: { min: floatEpsilon, max: 1 / floatEpsilon },
        note: 'offset_d = zeroPoint − 128 for uint8, within [−128, 127]',
      },
    ],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor', 'perAxis'],
        scale: { min: floatEpsilon, max: 1 / floatEpsilon },
        note: 'per channel for convolutions only',
      },
    ],
    bias: ['float'],
  },
  placement: {
    quantize: 'inputs',
    floatOutputAllowed: ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'],
    weights: 'quantized',
    explicitZeroPoint: true,
    perChannelWeights: ['Conv', 'ConvTranspose'],
  },
  operators: /* @__PURE__ */ operatorTable({
    integer: ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'],
    absorbed: ['Relu', 'Clip'],
    passThrough: ['MaxPool', 'Reshape', 'Flatten'],
    float: {
      'records exist for layers with weights only': ['Add', 'Mul', 'Concat', 'AveragePool', 'Sigmoid', 'Softmax'],
    },
  }),
  peakMacsPerCycle: {},
  kernelFormats: ['f16', 'i8'],
  exporter: 'ascend-record',
  evidence: {
    schemes: 'documentation',
    placement: 'documentation',
    operators: 'unverified',
    sources: ['AMCT documentation', 'PPQ 0.6.6 Ascend platform'],
  },
  notes: ['Field numbers of the record differ by framework: use the SDK’s own schema.'],
});
