import { int8ReducedPerChannelWeight, uint8Activation } from '../../presets';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { avx2, avx512, avx512vnni, avxvnni, sse2 } from '../instruction-set/x86';
import type { Target } from '../target';
import { onnxruntimeConstraints, onnxruntimeWeightOnly } from './onnxruntime-constraints';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';

/**
 * onnxruntime on x86-64 CPUs when nobody knows which: uint8 activations, int8 symmetric per-channel weights.
 *
 * The default is the plan that gives the right sums on every such CPU: 7-bit weights (−64…64). Without VNNI the runtime adds
 * two uint8·int8 products in a saturating int16, so any |weight| > 64 can be summed wrongly and nothing says so: 64 products
 * of 255·127 give 1,048,544 instead of 2,072,640 (onnxruntime 1.30 on an AVX2 CPU). Full 8-bit weights are not refused here,
 * because they are right where VNNI exists: take `ort-x64-vnni` when the CPU is known, `ort-x64-avx2` to have them refused.
 *
 * int8 activations would silently stop fusing at the first residual branch, because the runtime rewrites them to uint8 one
 * consumer at a time.
 */
export const ortX64: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ort-x64',
  title: 'onnxruntime, any x86-64',
  schemes: { activation: uint8Activation, weight: int8ReducedPerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  constraints: /* @__PURE__ */ onnxruntimeConstraints({ qmin: -128, qmax: 127 }),
  weightOnly: onnxruntimeWeightOnly,
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([sse2, avx2, avxvnni, avx512, avx512vnni]),
  kernelFormats: ['f32', 'i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'run',
    placement: 'run',
    operators: 'run',
    sources: ['onnxruntime 1.30.0, optimized graphs and sums inspected on x86-64 with and without VNNI'],
  },
  notes: [
    'Per-channel weight axis: Conv 0, Gemm 0 with transB=1 and 1 without, MatMul 1. Another axis fuses and then fails at run time.',
    'int8 activations are rewritten to uint8; a quantizer with several consumers then stays unfused. Prefer uint8.',
    'int8 weights beyond ±64 saturate on CPUs without VNNI.',
  ],
});
