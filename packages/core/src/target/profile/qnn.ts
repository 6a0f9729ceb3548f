import { int8, uint8 } from '../../dtype';
import { perAxis } from '../../granularity';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import type { Target } from '../target';
import { qualcommOperators, qualcommPlacement } from './qualcomm-common';

/**
 * Qualcomm QNN / QAIRT: asymmetric unsigned activations of 8 or 16 bits, int8 symmetric weights per channel (axis implied:
 * output channel), int4 weights in blocks. Encodings 1.0.0.
 */
export const qnn: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'qnn',
  title: 'Qualcomm QNN / QAIRT',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    weight: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      granularity: /* @__PURE__ */ perAxis(0),
    }),
    bias: 'int32',
  },
  dtypes: { activation: ['uint8', 'uint16'], weight: ['uint8', 'int8', 'int4'] },
  constraints: {
    activation: [
      { kind: 'linear', dtypes: ['uint8', 'uint16'], granularities: ['perTensor'], roundings: ['halfEven'] },
    ],
    weight: [
      { kind: 'linear', dtypes: ['uint8'], granularities: ['perTensor'] },
      { kind: 'linear', dtypes: ['int8', 'int4'], mappings: ['symmetric'], granularities: ['perTensor', 'perAxis'] },
    ],
    bias: ['int32', 'float'],
  },
  weightOnly: {
    operators: ['Conv', 'MatMul', 'Gemm'],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int4', 'int8'],
        mappings: ['symmetric'],
        granularities: ['perGroup'],
        note: 'PER_BLOCK and LPBQ encodings',
      },
    ],
  },
  placement: qualcommPlacement,
  operators: qualcommOperators,
  peakMacsPerCycle: {},
  kernelFormats: ['f16', 'i16', 'i8', 'i4'],
  exporter: 'qualcomm-encodings',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'unverified',
    sources: ['AIMET encoding specification 0.6.1 … 2.1.0', 'QNN type documentation'],
  },
  notes: [
    'AIMET symmetric signed encodings span −128…127 with delta max/127; strict symmetric drops −128.',
    'Which SDK accepts encodings 2.x is not verified.',
    'Ranges below 0.0001 are widened by the converter.',
  ],
});
