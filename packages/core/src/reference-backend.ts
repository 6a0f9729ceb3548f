import { integerConv2d } from './integer/conv2d';
import { integerGemm } from './integer/gemm';
import { requantize } from './integer/requantize';
import type { KernelBackend } from './kernel-backend';
import { pack, unpack } from './packing';
import { dequantize, fakeQuantize, quantize } from './quantize';
import { histogram, minMax } from './statistics-loops';

/** The readable TypeScript loops as a {@link KernelBackend}. */
export const referenceBackend: KernelBackend = /* @__PURE__ */ Object.freeze<KernelBackend>({
  name: 'reference',
  quantize: (x, scheme, qparams, out) => void quantize(x, scheme, qparams, out),
  dequantize: (codes, shape, scheme, qparams, out) => void dequantize(codes, shape, scheme, qparams, out),
  fakeQuantize: (x, scheme, qparams, out) => void fakeQuantize(x, scheme, qparams, out),
  pack: (codes, type, out) => void pack(codes, type, out),
  unpack: (bytes, type, out) => void unpack(bytes, type, out.length, out),
  gemm: (call, out) => void integerGemm(call, out),
  conv2d: (call, out) => void integerConv2d(call, out),
  requantize: (call, out) => void requantize(call, out),
  minMax,
  histogram,
});
