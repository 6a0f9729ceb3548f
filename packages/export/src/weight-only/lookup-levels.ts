import type { LookupKind } from './weight-codes';

/**
 * The 16 levels of MatMulBnb4, by code.
 *
 * nf4: quantiles of a normal distribution scaled to [−1, 1], with an exact 0 (Dettmers et al. 2023, arXiv:2305.14314, appendix E).
 * fp4: sign and a 3-bit magnitude of {0, 1/192, 2/3, 1, 1/3, 1/2, 1/6, 1/4}.
 */
export const lookupLevels: Readonly<Record<LookupKind, Float32Array>> = /* @__PURE__ */ Object.freeze({
  nf4: Float32Array.of(
    -1,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1,
  ),
  fp4: Float32Array.from({ length: 16 }, (_, code) => {
    const magnitude = [0, 1 / 192, 2 / 3, 1, 1 / 3, 1 / 2, 1 / 6, 1 / 4][code & 7] as number;
    return code < 8 ? magnitude : -magnitude;
  }),
});

/** Value of the attribute `quant_type`. */
export const lookupType: Readonly<Record<LookupKind, number>> = Object.freeze({ fp4: 0, nf4: 1 });

/** Two codes per byte, the first one in the upper half: the order of MatMulBnb4, unlike all other 4-bit formats here. */
export function packLookupCodes(codes: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(codes.length / 2));
  for (let i = 0; i < codes.length; i++) {
    const at = i >> 1;
    bytes[at] = (bytes[at] as number) | ((codes[i] as number) << (i % 2 === 0 ? 4 : 0));
  }
  return bytes;
}
