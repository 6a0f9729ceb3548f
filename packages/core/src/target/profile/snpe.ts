import { uint8 } from '../../dtype';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import type { Target } from '../target';
import { qualcommOperators, qualcommPlacement } from './qualcomm-common';

/**
 * Qualcomm SNPE: 8-bit asymmetric unsigned everywhere, per tensor; real = scale·(q + offset) with offset = −zeroPoint ≤ 0.
 * Encodings 0.6.1.
 */
export const snpe: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'snpe',
  title: 'Qualcomm SNPE',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    weight: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    bias: 'int32',
  },
  dtypes: { activation: ['uint8', 'uint16'], weight: ['uint8', 'int8'] },
  constraints: {
    activation: [
      { kind: 'linear', dtypes: ['uint8', 'uint16'], granularities: ['perTensor'], roundings: ['halfEven'] },
    ],
    weight: [
      { kind: 'linear', dtypes: ['uint8'], granularities: ['perTensor'] },
      { kind: 'linear', dtypes: ['int8'], mappings: ['symmetric'], granularities: ['perTensor', 'perAxis'] },
    ],
    bias: ['int32', 'float'],
  },
  placement: qualcommPlacement,
  operators: qualcommOperators,
  peakMacsPerCycle: {},
  kernelFormats: ['i8', 'i16'],
  exporter: 'snpe-encodings',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'unverified',
    sources: ['AIMET Oct 2024 and its encoding specification', 'MQBench SNPE backend', 'PPQ 0.6.6 SNPE platform'],
  },
  notes: [
    'Real 0 is forced to be representable and ranges below 0.01 are widened by the converter.',
    'Old documentation lets min/max win over scale/offset.',
    'Peak rates of the DSP are not public per cycle.',
  ],
});
