import { int8PerChannelWeight, uint8Activation } from '../presets';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';
import type { Target } from './target';

/**
 * onnxruntime on x86-64 CPUs: uint8 activations, int8 symmetric per-channel weights. int8 activations would silently stop
 * fusing at the first residual branch, because the runtime rewrites them to uint8 one consumer at a time.
 */
export const ortX64: Target = /* @__PURE__ */ Object.freeze<Target>({
  id: 'ort-x64',
  title: 'onnxruntime, x86-64',
  schemes: { activation: uint8Activation, weight: int8PerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: {
    sse2: { f32: 4 },
    avx2: { f32: 16, i8: 32 },
    avxvnni: { f32: 16, i8: 64 },
    avx512vnni: { f32: 32, i8: 128 },
  },
  exporter: 'onnx-qdq',
});
