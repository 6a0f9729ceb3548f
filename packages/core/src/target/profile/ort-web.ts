import { int8PerChannelWeight, uint8Activation } from '../presets';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';
import type { Target } from './target';

/**
 * onnxruntime-web's wasm provider: the same kernels as x86-64, so uint8 activations and int8 symmetric per-channel weights.
 */
export const ortWeb: Target = /* @__PURE__ */ Object.freeze<Target>({
  id: 'ort-web',
  title: 'onnxruntime, wasm (onnxruntime-web)',
  schemes: { activation: uint8Activation, weight: int8PerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: {
    wasmsimd: { f32: 4, i8: 8 },
  },
  exporter: 'onnx-qdq',
});
