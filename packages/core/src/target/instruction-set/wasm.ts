import { type InstructionSet, type PeakRate, rate } from './instruction-set';

/*
 * WebAssembly SIMD has 128-bit vectors; the engine lowers each instruction to the host's. Numbers assume an x86-64 host with
 * the ports of ./x86: that is the weaker case, because baseline WebAssembly can name neither FMA nor dot products.
 */

const assumes = 'an x86-64 host: two multiply ports, three add ports, one shuffle port';

const short: PeakRate = /* @__PURE__ */ rate(8, 2 / 3, 'i32x4.dot_i16x8_s of 8, i32x4.add; three ports');
const bits: PeakRate = /* @__PURE__ */ rate(
  128,
  8 / 3,
  'v128.xor, i8x16.popcnt (six operations on the host), i8x16.add; three ports',
);

/** Fixed-width SIMD: every current browser and Node. */
export const wasmsimd: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'wasmsimd',
  title: 'WebAssembly SIMD',
  assumes,
  evidence: 'unverified',
  rates: /* @__PURE__ */ Object.freeze({
    f32: /* @__PURE__ */ rate(4, 1, 'f32x4.mul and f32x4.add; both on the two multiply ports'),
    i16: short,
    i8: /* @__PURE__ */ rate(
      8,
      1,
      'i16x8.extend_i8x16_s (weights widened beforehand), i32x4.dot_i16x8_s of 8, i32x4.add; three ports',
    ),
    b1: bits,
  }),
});

/** Relaxed SIMD: fused multiply–add and 8-bit by 7-bit dot products. */
export const wasmrelaxedsimd: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'wasmrelaxedsimd',
  title: 'WebAssembly relaxed SIMD',
  assumes: `${assumes}; FMA but no VNNI (with VNNI or Arm dot products i8 doubles)`,
  evidence: 'unverified',
  rates: /* @__PURE__ */ Object.freeze({
    f32: /* @__PURE__ */ rate(4, 1 / 2, 'f32x4.relaxed_madd of 4; two multiply ports'),
    i16: short,
    i8: /* @__PURE__ */ rate(
      16,
      1,
      'i32x4.relaxed_dot_i8x16_i7x16_add_s of 16, three operations on the host; one operand has 7 bits',
    ),
    i4: /* @__PURE__ */ rate(
      16,
      2 / 3,
      'one code per byte: i16x8.relaxed_dot_i8x16_i7x16_s of 16, i16x8.add; three ports',
    ),
    b1: bits,
  }),
});
