import { int8PerChannelWeight, uint8Activation } from '../../presets';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { avx512vnni, avxvnni } from '../instruction-set/x86';
import type { Target } from '../target';
import { onnxruntimeConstraints, onnxruntimeWeightOnly } from './onnxruntime-constraints';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';

/**
 * onnxruntime on x86-64 CPUs with VNNI (AVX-VNNI or AVX-512 VNNI: Cascade Lake, Ice Lake, Alder Lake, Zen 4 and later):
 * sums are exact in int32, so weights use all 8 bits.
 */
export const ortX64Vnni: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ort-x64-vnni',
  title: 'onnxruntime, x86-64 with VNNI',
  schemes: { activation: uint8Activation, weight: int8PerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  constraints: /* @__PURE__ */ onnxruntimeConstraints({ qmin: -128, qmax: 127 }),
  weightOnly: onnxruntimeWeightOnly,
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([avxvnni, avx512vnni]),
  kernelFormats: ['f32', 'i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'run',
    placement: 'run',
    operators: 'run',
    sources: ['onnxruntime 1.30.0 on an AVX-512 VNNI CPU, optimized graphs inspected'],
  },
  notes: [
    'Per-channel weight axis: Conv 0, Gemm 0 with transB=1 and 1 without, MatMul 1.',
    'Leave the session option session.x64quantprecision off: it made this CPU four times slower.',
  ],
});
