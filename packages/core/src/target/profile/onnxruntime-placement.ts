import { deepFreeze } from '../deep-freeze';
import type { PlacementPolicy } from '../target';

/** An operator becomes integer when every input is dequantized and every output quantized; zero points must be written. */
export const onnxruntimePlacement: PlacementPolicy = /* @__PURE__ */ deepFreeze<PlacementPolicy>({
  quantize: 'inputsAndOutputs',
  floatOutputAllowed: ['MatMul', 'Gemm'],
  weights: 'quantized',
  explicitZeroPoint: true,
});
