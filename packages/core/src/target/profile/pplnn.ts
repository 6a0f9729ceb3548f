import { int8 } from '../../dtype';
import { perAxis } from '../../granularity';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { sm75, sm80 } from '../instruction-set/nvidia';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/** OpenPPL's PPLNN on CUDA: int8 symmetric −128…127, weights per channel. Reads a JSON of per-tensor parameters. */
export const pplnn: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'pplnn',
  title: 'PPLNN (CUDA)',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: int8, mapping: 'symmetric' }),
    weight: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      granularity: /* @__PURE__ */ perAxis(0),
    }),
    bias: 'int32',
  },
  dtypes: { activation: ['int8'], weight: ['int8'] },
  constraints: {
    activation: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor'],
        roundings: ['halfEven'],
      },
    ],
    weight: [{ kind: 'linear', dtypes: ['int8'], mappings: ['symmetric'], granularities: ['perTensor', 'perAxis'] }],
    bias: ['int32', 'float'],
  },
  placement: { quantize: 'inputsAndOutputs', floatOutputAllowed: [], weights: 'quantized', explicitZeroPoint: true },
  operators: /* @__PURE__ */ operatorTable({
    integer: ['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'Add', 'Mul', 'Concat', 'AveragePool', 'GlobalAveragePool'],
    absorbed: ['Relu', 'Clip'],
    passThrough: ['MaxPool', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Slice', 'Split'],
  }),
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([sm75, sm80]),
  kernelFormats: ['f32', 'f16', 'i8'],
  exporter: 'pplnn-json',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'unverified',
    sources: ['PPQ 0.6.6 PPL_CUDA_INT8 platform and exporter'],
  },
  notes: ['MQBench’s PPLCUDA backend uses asymmetric weights instead; the JSON carries either.'],
});
