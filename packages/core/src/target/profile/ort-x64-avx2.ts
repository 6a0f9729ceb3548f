import { int8ReducedPerChannelWeight, uint8Activation } from '../../presets';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { avx2, sse2 } from '../instruction-set/x86';
import type { Target } from '../target';
import { onnxruntimeConstraints, onnxruntimeWeightOnly } from './onnxruntime-constraints';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';

/**
 * onnxruntime on x86-64 CPUs without VNNI (SSE4.1, AVX2, early AVX-512): int8 weights must keep within −64…64, since
 * 2·255·64 = 32,640 is the largest pair of products that a saturating int16 holds. uint8 weights take another, exact and
 * slower kernel and may use all 8 bits.
 */
export const ortX64Avx2: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ort-x64-avx2',
  title: 'onnxruntime, x86-64 without VNNI',
  schemes: { activation: uint8Activation, weight: int8ReducedPerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  constraints: /* @__PURE__ */ onnxruntimeConstraints({ qmin: -64, qmax: 64 }),
  weightOnly: onnxruntimeWeightOnly,
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([sse2, avx2]),
  kernelFormats: ['f32', 'i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'run',
    placement: 'run',
    operators: 'run',
    sources: ['onnxruntime 1.30.0 on an AVX2 CPU: sums exact for |weight| ≤ 64, saturated from 65'],
  },
  notes: ['Per-channel weight axis: Conv 0, Gemm 0 with transB=1 and 1 without, MatMul 1.'],
});
