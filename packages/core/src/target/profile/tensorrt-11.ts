import { int8 } from '../../dtype';
import { int8PerChannelWeight } from '../../presets';
import { linearScheme } from '../../scheme';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { sm75, sm80, sm90 } from '../instruction-set/nvidia';
import type { Target } from '../target';
import { tensorrtConstraints, tensorrtOperators, tensorrtPlacement, tensorrtWeightOnly } from './tensorrt-common';

/**
 * TensorRT 11 and later: QuantizeLinear/DequantizeLinear graphs only. Calibrators, dynamic ranges and the int8 build flag are
 * gone, so a calibration cache has no reader.
 */
export const tensorrt11: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'tensorrt-11',
  title: 'TensorRT ≥ 11',
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
    sources: ['TensorRT 11.1 headers', 'onnx-tensorrt 10.1 importers', 'Model-Optimizer placement of quantizers'],
  },
  notes: [
    'Weight axis: Conv 0, ConvTranspose 1.',
    'Concat: give all inputs one scale (from experience, not verified).',
    'float8 (E4M3) and float4 (E2M1) exist as storage formats with their own scales; they are no integer schemes.',
  ],
});
