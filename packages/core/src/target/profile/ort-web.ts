import { int8PerChannelWeight, uint8Activation } from '../../presets';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { wasmrelaxedsimd, wasmsimd } from '../instruction-set/wasm';
import type { Target } from '../target';
import { onnxruntimeConstraints, onnxruntimeWeightOnly } from './onnxruntime-constraints';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';

/**
 * onnxruntime-web's wasm provider: the kernels of the CPU provider compiled to WebAssembly, so uint8 activations and int8
 * symmetric per-channel weights. Its SIMD kernel sums exactly in int32, so weights use all 8 bits.
 */
export const ortWeb: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ort-web',
  title: 'onnxruntime-web, wasm',
  schemes: { activation: uint8Activation, weight: int8PerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  constraints: /* @__PURE__ */ onnxruntimeConstraints({ qmin: -128, qmax: 127 }),
  weightOnly: onnxruntimeWeightOnly,
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([wasmsimd, wasmrelaxedsimd]),
  kernelFormats: ['f32', 'i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'run',
    placement: 'source',
    operators: 'source',
    sources: [
      'onnxruntime-web 1.30.0 in Node: sums of 64 products exact up to 255·127, so no saturation',
      'fusion rules seen on the native CPU provider of the same version',
    ],
  },
  notes: ['Relaxed SIMD is not part of the published build; its i8 rate is an upper bound for other runtimes.'],
});
