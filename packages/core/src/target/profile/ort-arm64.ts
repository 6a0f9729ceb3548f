import { int8Activation, int8PerChannelWeight } from '../presets';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';
import type { Target } from './target';

/**
 * onnxruntime on 64-bit Arm CPUs: int8 activations and int8 symmetric per-channel weights.
 */
export const ortArm64: Target = /* @__PURE__ */ Object.freeze<Target>({
  id: 'ort-arm64',
  title: 'onnxruntime, arm64',
  schemes: { activation: int8Activation, weight: int8PerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: {
    neon: { f32: 8, i8: 16 },
    neondot: { f32: 8, i8: 32 },
  },
  exporter: 'onnx-qdq',
});
