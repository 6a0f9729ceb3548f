import { int8 } from '../../dtype';
import { perAxis } from '../../granularity';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { i8mm, neon, neondot } from '../instruction-set/arm';
import { peaksOf } from '../instruction-set/instruction-set';
import { avx2, avx512vnni } from '../instruction-set/x86';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/**
 * MNN: symmetric int8 −127…127, weights per output channel, ties rounded away from zero (its default of three modes).
 * Fed by a compression-parameter file.
 */
export const mnn: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'mnn',
  title: 'MNN',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      narrowRange: true,
      rounding: 'halfAway',
    }),
    weight: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      narrowRange: true,
      rounding: 'halfAway',
      granularity: /* @__PURE__ */ perAxis(0),
    }),
    bias: 'float',
  },
  dtypes: { activation: ['int8'], weight: ['int8'] },
  constraints: {
    activation: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        granularities: ['perTensor'],
        saturation: 'within',
        roundings: ['halfAway', 'halfEven', 'halfTowardZero'],
        note: 'the parameter file carries clamps, zero point and rounding mode',
      },
    ],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor', 'perAxis'],
        note: 'fewer bits by narrower clamps; asymmetric weights exist in the file format but are off by default',
      },
    ],
    bias: ['float'],
  },
  placement: { quantize: 'inputsAndOutputs', floatOutputAllowed: [], weights: 'quantized', explicitZeroPoint: true },
  operators: /* @__PURE__ */ operatorTable({
    integer: ['Conv', 'ConvTranspose', 'Gemm', 'Add', 'Concat', 'AveragePool', 'GlobalAveragePool'],
    absorbed: ['Relu', 'Clip'],
    passThrough: ['MaxPool', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Slice'],
  }),
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([neon, neondot, i8mm, avx2, avx512vnni]),
  kernelFormats: ['f32', 'f16', 'bf16', 'i8'],
  exporter: 'mnn-compression',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'unverified',
    sources: ['MNN_compression.proto', 'PPQ 0.6.6 MNN platform'],
  },
  notes: ['How the converter uses the scales was not executed.'],
});
