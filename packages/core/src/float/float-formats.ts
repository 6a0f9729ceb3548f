import type { FloatFormat } from './float-format';

/** IEEE 754 binary16: 1-5-10, largest 65504. */
export const float16: FloatFormat = /* @__PURE__ */ Object.freeze({
  name: 'float16',
  bits: 16,
  exponentBits: 5,
  mantissaBits: 10,
  bias: 15,
  maxCode: 0x7bff,
  infinityCode: 0x7c00,
  nanCode: 0x7e00,
  hasNegativeZero: true,
  saturates: false,
});

/** The high half of a float32: 1-8-7. */
export const bfloat16: FloatFormat = /* @__PURE__ */ Object.freeze({
  name: 'bfloat16',
  bits: 16,
  exponentBits: 8,
  mantissaBits: 7,
  bias: 127,
  maxCode: 0x7f7f,
  infinityCode: 0x7f80,
  nanCode: 0x7fc0,
  hasNegativeZero: true,
  saturates: false,
});

/** 1-4-3 without Infinity: largest 448, NaN 0x7f. Micikevicius et al. 2022, arXiv:2209.05433. */
export const float8E4M3FN: FloatFormat = /* @__PURE__ */ Object.freeze({
  name: 'float8E4M3FN',
  bits: 8,
  exponentBits: 4,
  mantissaBits: 3,
  bias: 7,
  maxCode: 0x7e,
  nanCode: 0x7f,
  hasNegativeZero: true,
  saturates: true,
});

/** 1-5-2 with Infinity: largest 57344. Micikevicius et al. 2022, arXiv:2209.05433. */
export const float8E5M2: FloatFormat = /* @__PURE__ */ Object.freeze({
  name: 'float8E5M2',
  bits: 8,
  exponentBits: 5,
  mantissaBits: 2,
  bias: 15,
  maxCode: 0x7b,
  infinityCode: 0x7c,
  nanCode: 0x7e,
  hasNegativeZero: true,
  saturates: true,
});

/** 1-4-3 with bias 8, no Infinity, no −0: largest 240, NaN 0x80. Noune et al. 2022, arXiv:2206.02915. */
export const float8E4M3FNUZ: FloatFormat = /* @__PURE__ */ Object.freeze({
  name: 'float8E4M3FNUZ',
  bits: 8,
  exponentBits: 4,
  mantissaBits: 3,
  bias: 8,
  maxCode: 0x7f,
  nanCode: 0x80,
  hasNegativeZero: false,
  saturates: true,
});

/** 1-5-2 with bias 16, no Infinity, no −0: largest 57344, NaN 0x80. Noune et al. 2022, arXiv:2206.02915. */
export const float8E5M2FNUZ: FloatFormat = /* @__PURE__ */ Object.freeze({
  name: 'float8E5M2FNUZ',
  bits: 8,
  exponentBits: 5,
  mantissaBits: 2,
  bias: 16,
  maxCode: 0x7f,
  nanCode: 0x80,
  hasNegativeZero: false,
  saturates: true,
});

/** 1-2-1: ±{0, 0.5, 1, 1.5, 2, 3, 4, 6}, no NaN; always with a scale per block (see {@link encodeBlockFloat4}). OCP MX 1.0. */
export const float4E2M1: FloatFormat = /* @__PURE__ */ Object.freeze({
  name: 'float4E2M1',
  bits: 4,
  exponentBits: 2,
  mantissaBits: 1,
  bias: 1,
  maxCode: 0x7,
  hasNegativeZero: true,
  saturates: true,
});
