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
 * TFLite / LiteRT int8: asymmetric activations per tensor, symmetric weights −127…127 per output channel, int32 bias. Pools,
 * concatenation and everything that moves values keep one scale; sigmoid, softmax, tanh and normalization have fixed outputs.
 */
export const tflite: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'tflite',
  title: 'TFLite / LiteRT',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: int8, rounding: 'halfAway' }),
    weight: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      narrowRange: true,
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
        granularities: ['perTensor'],
        roundings: ['halfAway', 'halfEven'],
        note: 'float inputs are rounded half away; requantization inside the kernels is fixed-point, so ties may differ by one code',
      },
    ],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int8'],
        mappings: ['symmetric'],
        granularities: ['perTensor', 'perAxis'],
        codes: { qmin: -127, qmax: 127 },
        note: 'axis 0 for convolutions and dense layers, 3 for depthwise convolutions in their own layout',
      },
      {
        kind: 'linear',
        dtypes: ['int8'],
        granularities: ['perTensor'],
        codes: { qmin: -128, qmax: 127 },
        note: 'constant operands of sums and products are like activations',
      },
    ],
    bias: ['int32'],
  },
  placement: {
    quantize: 'inputsAndOutputs',
    floatOutputAllowed: [],
    weights: 'quantized',
    explicitZeroPoint: true,
  },
  operators: /* @__PURE__ */ operatorTable({
    integer: [
      'Conv',
      'ConvTranspose',
      'MatMul',
      'Gemm',
      'Add',
      'Sub',
      'Mul',
      'ReduceMean',
      'LeakyRelu',
      'PRelu',
      'HardSwish',
    ],
    absorbed: ['Relu', 'Clip'],
    passThrough: [
      'AveragePool',
      'GlobalAveragePool',
      'MaxPool',
      'Concat',
      'Reshape',
      'Flatten',
      'Squeeze',
      'Unsqueeze',
      'Transpose',
      'Resize',
      'Pad',
      'Gather',
      'Slice',
      'Split',
      'SpaceToDepth',
      'DepthToSpace',
      'Min',
      'Max',
    ],
    fixedOutput: {
      Sigmoid: { scale: 1 / 256, zeroPoint: -128 },
      Softmax: { scale: 1 / 256, zeroPoint: -128 },
      LogSoftmax: { scale: 16 / 256, zeroPoint: 127 },
      Tanh: { scale: 1 / 128, zeroPoint: 0 },
      LpNormalization: { scale: 1 / 128, zeroPoint: 0 },
    },
    float: {
      'TFLite has no int8 kernel for it': ['Gelu', 'Erf', 'LayerNormalization', 'InstanceNormalization', 'Div', 'Pow'],
    },
  }),
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([neon, neondot, i8mm, avx2, avxvnni, avx512vnni]),
  kernelFormats: ['f32', 'f16', 'i16', 'i8'],
  exporter: 'tflite',
  evidence: {
    schemes: 'run',
    placement: 'run',
    operators: 'source',
    sources: ['TFLite quantization specification', 'TensorFlow 2.21 interpreter with mutated models'],
  },
  notes: [
    'The interpreter does not check the bias scale or equal scales around a max pool: a wrong one gives a wrong result.',
    'XNNPACK of TensorFlow 2.21 drops the zero point of the second operand of a product of two activations.',
    '16-bit activations (zero point 0, int64 bias) exist but are not verified here.',
  ],
});
