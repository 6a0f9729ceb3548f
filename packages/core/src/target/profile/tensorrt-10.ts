import { int8 } from '../../dtype';
import { int8PerChannelWeight } from '../../presets';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { sm75, sm80, sm90 } from '../instruction-set/nvidia';
import type { Target } from '../target';
import { tensorrtConstraints, tensorrtOperators, tensorrtPlacement, tensorrtWeightOnly } from './tensorrt-common';

/**
 * TensorRT 8 to 10: reads QuantizeLinear/DequantizeLinear graphs, and as the older way a calibration cache with one scale per
 * activation (range ±127·scale; weights are quantized by the builder).
 */
export const tensorrt10: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'tensorrt-10',
  title: 'TensorRT 8 … 10',
  schemes: {
    activation: /* @__PURE__ */ linearScheme({ dtype: int8, mapping: 'symmetric' }),
    weight: int8PerChannelWeight,
    bias: 'float',
  },
  dtypes: { activation: ['int8'], weight: ['int8'] },
  constraints: tensorrtConstraints,
  weightOnly: tensorrtWeightOnly,
  placement: tensorrtPlacement,
  operators: tensorrtOperators,
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([sm75, sm80, sm90]),
  kernelFormats: ['f32', 'f16', 'bf16', 'i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'documentation',
    sources: [
      'TensorRT 8.6 and 10.16 headers and samples',
      'onnx-tensorrt 10.1 importers',
      'Model-Optimizer placement of quantizers',
    ],
  },
  notes: [
    'The calibration cache belongs to one TensorRT version and calibrator; calibrators are deprecated since 10.1 and gone in 11.',
    'Weight axis: Conv 0, ConvTranspose 1. Blocks of int4 weights need TensorRT 10.',
    'Concat: give all inputs one scale (from experience, not verified).',
  ],
});
