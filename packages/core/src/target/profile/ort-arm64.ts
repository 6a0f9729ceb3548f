import { int8Activation, int8PerChannelWeight } from '../../presets';
import { deepFreeze } from '../deep-freeze';
import { i8mm, neon, neondot } from '../instruction-set/arm';
import { peaksOf } from '../instruction-set/instruction-set';
import type { Target } from '../target';
import { onnxruntimeConstraints, onnxruntimeWeightOnly } from './onnxruntime-constraints';
import { onnxruntimeOperators } from './onnxruntime-operators';
import { onnxruntimePlacement } from './onnxruntime-placement';

/**
 * onnxruntime on 64-bit Arm CPUs: int8 activations and int8 symmetric per-channel weights. Sums are exact in int32.
 */
export const ortArm64: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ort-arm64',
  title: 'onnxruntime, arm64',
  schemes: { activation: int8Activation, weight: int8PerChannelWeight, bias: 'int32' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  constraints: /* @__PURE__ */ onnxruntimeConstraints({ qmin: -128, qmax: 127 }),
  weightOnly: onnxruntimeWeightOnly,
  placement: onnxruntimePlacement,
  operators: onnxruntimeOperators,
  peakMacsPerCycle: /* @__PURE__ */ peaksOf([neon, neondot, i8mm]),
  kernelFormats: ['f32', 'i8'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'source',
    placement: 'source',
    operators: 'source',
    sources: ['onnxruntime 1.30.0 source and documentation; fusion rules seen on x86-64, kernels of arm64 not run'],
  },
  notes: ['Both uint8 and int8 activations are fast here.'],
});
