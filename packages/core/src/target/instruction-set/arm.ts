import { type InstructionSet, type PeakRate, rate } from './instruction-set';

/*
 * Two 128-bit vector pipes that both run every instruction named here (Cortex-A76 … A78, Neoverse N1 and N2). Cortex-A55 has
 * about half, Apple's cores and Cortex-X about double, of every number alike, so ratios hold. Some cores run the widening
 * integer multiplies on one pipe only: without dot products these i8 rates are upper bounds.
 */

const assumes = 'two 128-bit pipes for every vector instruction (Cortex-A76, Neoverse N1)';

const float: PeakRate = /* @__PURE__ */ rate(4, 1 / 2, 'fmla of 4; two pipes');
const half: PeakRate = /* @__PURE__ */ rate(
  8,
  1 / 2,
  'fmla of 8 (FEAT_FP16, on every core that has dot products); two pipes',
);
const short: PeakRate = /* @__PURE__ */ rate(4, 1 / 2, 'smlal of 4 into int32; two pipes');
const bits: PeakRate = /* @__PURE__ */ rate(128, 3 / 2, 'eor, cnt, add of bytes; two pipes');

/** Armv8.0 Advanced SIMD, no dot product. */
export const neon: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'neon',
  title: 'Advanced SIMD (Armv8.0)',
  assumes,
  evidence: 'unverified',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float,
    i16: short,
    i8: /* @__PURE__ */ rate(16, 3 / 2, 'smull and smlal of 8 into int16, sadalp into int32; two pipes'),
    i4: /* @__PURE__ */ rate(8, 1 / 2, 'one code per byte: smlal of 8 into int16, 511 sums before widening; two pipes'),
    b1: bits,
  }),
});

/** Armv8.2 with dot products (sdot, udot). */
export const neondot: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'neondot',
  title: 'Advanced SIMD + dot product',
  assumes,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float,
    f16: half,
    i16: short,
    i8: /* @__PURE__ */ rate(16, 1 / 2, 'sdot of 16; two pipes'),
    i4: /* @__PURE__ */ rate(16, 1 / 2, 'one code per byte, as i8: sdot of 16; two pipes'),
    b1: bits,
  }),
});

/** Armv8.6 matrix products (FEAT_I8MM and FEAT_BF16, both mandatory there). */
export const i8mm: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'i8mm',
  title: 'Advanced SIMD + int8 matrix product',
  assumes: 'two 128-bit pipes for every vector instruction (Neoverse N2, Cortex-A710)',
  evidence: 'unverified',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float,
    bf16: /* @__PURE__ */ rate(16, 1 / 2, 'bfmmla, 2×4 by 4×2; two pipes'),
    f16: half,
    i16: short,
    i8: /* @__PURE__ */ rate(32, 1 / 2, 'smmla, 2×8 by 8×2; two pipes'),
    i4: /* @__PURE__ */ rate(32, 1 / 2, 'one code per byte, as i8: smmla; two pipes'),
    b1: bits,
  }),
});
