import { int8, uint8 } from '../../dtype';
import { perAxis } from '../../granularity';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { neon, neondot } from '../instruction-set/arm';
import { peaksOf } from '../instruction-set/instruction-set';
import { amx, avx2, avx512, avx512vnni, avxvnni } from '../instruction-set/x86';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/**
 * OpenVINO: reads QuantizeLinear/DequantizeLinear graphs (and its own FakeQuantize). Weights int8 symmetric −127…127 per
 * output channel; activations per tensor, signed or unsigned, symmetric or not, at any number of levels.
 */
export const openvino: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'openvino',
  title: 'OpenVINO',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: uint8 }),
    weight: /* @__PURE__ */ linearScheme({
      dtype: int8,
      mapping: 'symmetric',
      narrowRange: true,
      granularity: /* @__PURE__ */ perAxis(0),
    }),
    bias: 'float',
  },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  constraints: {
    activation: [
      {
        kind: 'linear',
        dtypes: ['uint8', 'int8'],
        granularities: ['perTensor'],
        saturation: 'within',
        note: 'FakeQuantize carries the number of levels, so fewer codes than the type has are saturated at run time',
      },
    ],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int8', 'uint8'],
        mappings: ['symmetric', 'asymmetric'],
        granularities: ['perTensor', 'perAxis'],
      },
    ],
    bias: ['float'],
  },
  weightOnly: {
    operators: ['MatMul', 'Gemm'],
    weight: [
      {
        kind: 'linear',
        dtypes: ['int4', 'uint4', 'int8', 'uint8'],
        granularities: ['perTensor', 'perAxis', 'perGroup'],
        note: 'Constant, Convert, Subtract, Multiply: weight compression',
      },
    ],
  },
  placement: {
    quantize: 'inputs',
    floatOutputAllowed: ['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'Add', 'Mul', 'AveragePool', 'GlobalAveragePool'],
    weights: 'qdq',
    explicitZeroPoint: true,
  },
  operators: /* @__PURE__ */ operatorTable({
    integer: ['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'Add', 'Mul', 'AveragePool', 'GlobalAveragePool'],
    absorbed: ['Relu', 'Clip'],
    passThrough: [
      'MaxPool',
      'Concat',
      'Reshape',
      'Flatten',
      'Transpose',
      'Squeeze',
      'Unsqueeze',
      'Slice',
      'Split',
      'Pad',
      'DepthToSpace',
      'SpaceToDepth',
    ],
    float: {
      'OpenVINO runs it in float on CPU': [
        'Softmax',
        'Sigmoid',
        'Tanh',
        'HardSwish',
        'Gelu',
        'Erf',
        'LayerNormalization',
        'InstanceNormalization',
        'ReduceMean',
      ],
    },
  }),
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([avx2, avxvnni, avx512, avx512vnni, amx, neon, neondot]),
  kernelFormats: ['f32', 'bf16', 'f16', 'i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'unverified',
    sources: ['OpenVINO frontend quantize_linear and FakeQuantize-1 specification', 'NNCF fake_quantize (May 2026)'],
  },
  notes: [
    'On CPUs without VNNI the first layers overflow with full int8 weights: NNCF halves their range (7 bits) there.',
    'The rounding of ties in FakeQuantize is not specified.',
    'Symmetric signed activations of NNCF use 256 levels with a lower bound of −max·128/127.',
  ],
});
