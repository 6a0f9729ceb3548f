import { int8 } from '../../dtype';
import { perAxis } from '../../granularity';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { i8mm, neon, neondot } from '../instruction-set/arm';
import { peaksOf } from '../instruction-set/instruction-set';
import { avx2, avx512vnni, avxvnni } from '../instruction-set/x86';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/**
 * ncnn: int8 convolutions and matrix products between float layers. Symmetric −127…127 everywhere, one scale per layer input,
 * one per output channel of the weights, ties rounded away from zero; the bias stays float.
 */
export const ncnn: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ncnn',
  title: 'ncnn',
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
        mappings: ['symmetric'],
        granularities: ['perTensor'],
        codes: { qmin: -127, qmax: 127 },
        roundings: ['halfAway'],
        scale: { min: 1e-9, max: 1e9 },
      },
    ],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor', 'perAxis'],
        codes: { qmin: -127, qmax: 127 },
        note: '3×3 convolutions with stride 1 and no dilation or groups: −31…31, because int8 Winograd overflows otherwise',
      },
    ],
    bias: ['float'],
  },
  placement: {
    quantize: 'inputs',
    floatOutputAllowed: ['Conv', 'MatMul', 'Gemm'],
    weights: 'quantized',
    explicitZeroPoint: false,
    winogradWeights: { qmin: -31, qmax: 31 },
  },
  operators: /* @__PURE__ */ operatorTable({
    integer: ['Conv', 'MatMul', 'Gemm'],
    absorbed: ['Relu', 'Clip'],
    float: {
      'ncnn has int8 kernels for convolutions, inner products, embeddings, attention and recurrent layers only': [
        'Add',
        'Sub',
        'Mul',
        'Div',
        'Concat',
        'AveragePool',
        'GlobalAveragePool',
        'MaxPool',
        'Sigmoid',
        'Softmax',
        'HardSwish',
        'Tanh',
        'LeakyRelu',
        'PRelu',
        'ConvTranspose',
        'Resize',
        'ReduceMean',
        'LayerNormalization',
      ],
      'it only moves values, and the layers around it exchange float': [
        'Reshape',
        'Flatten',
        'Transpose',
        'Squeeze',
        'Unsqueeze',
        'Slice',
        'Split',
        'Pad',
      ],
    },
  }),
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([neon, neondot, i8mm, avx2, avxvnni, avx512vnni]),
  kernelFormats: ['f32', 'f16', 'bf16', 'i8'],
  exporter: 'ncnn-table',
  evidence: {
    schemes: 'run',
    placement: 'source',
    operators: 'source',
    sources: ['ncnn July 2026: ncnn2int8 built and run, tables and layer sources read'],
  },
  notes: [
    'A layer with an activation row but no weight row silently keeps itself and all later layers of its type in float: write both rows or neither.',
    'Float Winograd beats int8 on many Arm cores: measure before shipping.',
    'ConvolutionDepthWise has one weight scale per group.',
  ],
});
