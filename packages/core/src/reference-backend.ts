import type { KernelBackend } from './kernel-backend';
import { dequantize, fakeQuantize, quantize } from './quantize';

/** The readable TypeScript loops as a {@link KernelBackend}. */
export const referenceBackend: KernelBackend = /* @__PURE__ */ Object.freeze<KernelBackend>({
  name: 'reference',
  quantize: (x, scheme, qparams, out) => void quantize(x, scheme, qparams, out),
  dequantize: (codes, shape, scheme, qparams, out) => void dequantize(codes, shape, scheme, qparams, out),
  fakeQuantize: (x, scheme, qparams, out) => void fakeQuantize(x, scheme, qparams, out),
});
