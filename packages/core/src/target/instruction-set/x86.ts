import { type InstructionSet, type PeakRate, rate } from './instruction-set';

/*
 * Ports of Intel's client cores from Skylake to Golden Cove, for vectors up to 256 bits:
 *   p0, p1      multiply, multiply–add (float and integer), shift
 *   p5          shuffle (vpshufb)
 *   p0, p1, p5  add, logic
 * With 512-bit vectors p0 and p1 act as one, so p0 and p5 run everything (parts with two 512-bit FMA units).
 *
 * 1 bit: a dot product of ±1 vectors is bits − 2·popcount(a xor b). Population counts follow Harley and Seal: fifteen
 * carry-save adders (five logic operations each, two with vpternlog) reduce sixteen vectors to one, whose bits are counted by
 * table look-up in eight more operations (Muła, Kurz, Lemire 2018, arXiv:1611.07612).
 *
 * 4 bits: codes one per byte. |u4·s4| sums of pairs are ≤ 240, so 136 of them fit an int16 lane without widening.
 */

const assumes = 'Intel Skylake … Golden Cove: two multiply ports, three add ports, one shuffle port';
const assumes512 = 'Intel server cores with two 512-bit multiply ports, which also do adds';

const bits256: PeakRate = /* @__PURE__ */ rate(
  16 * 256,
  (16 + 15 * 5 + 8) / 3,
  '16 vpxor, 15 carry-save adders of 5, vpshufb popcount of 8; three ports',
);
const bits512: PeakRate = /* @__PURE__ */ rate(
  16 * 512,
  (16 + 15 * 2 + 8) / 2,
  '16 vpxorq, 15 carry-save adders of 2 vpternlogq, vpshufb popcount of 8; two ports',
);
const float256: PeakRate = /* @__PURE__ */ rate(8, 1 / 2, 'vfmadd231ps of 8; two multiply ports');
const float512: PeakRate = /* @__PURE__ */ rate(16, 1 / 2, 'vfmadd231ps of 16; two ports');
const short512: PeakRate = /* @__PURE__ */ rate(32, 1 / 2, 'vpdpwssd of 32; two ports');
const byte512: PeakRate = /* @__PURE__ */ rate(64, 1 / 2, 'vpdpbusd of 64; two ports');
const nibble512: PeakRate = /* @__PURE__ */ rate(64, 1 / 2, 'one code per byte, as i8: vpdpbusd of 64; two ports');

/** The baseline of x86-64: 128 bits, no fused multiply–add, no popcount instruction. */
export const sse2: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'sse2',
  title: 'SSE2',
  assumes,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: /* @__PURE__ */ rate(4, 1, 'mulps and addps of 4; both on the two multiply ports'),
    i16: /* @__PURE__ */ rate(8, 2 / 3, 'pmaddwd of 8, paddd; three ports'),
    i8: /* @__PURE__ */ rate(8, 1, 'punpck to int16 (weights widened beforehand), pmaddwd of 8, paddd; three ports'),
    b1: /* @__PURE__ */ rate(128, 13 / 3, 'pxor, bit-sliced popcount of 10, psadbw, paddq; three ports'),
  }),
});

/**
 * AVX2 and FMA, without VNNI. The i8 sequence adds two u8·s8 products in a saturating int16, hence 7-bit weights (−64…64):
 * 2·255·64 = 32,640 ≤ 32,767.
 */
export const avx2: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'avx2',
  title: 'AVX2 + FMA',
  assumes,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float256,
    i16: /* @__PURE__ */ rate(16, 2 / 3, 'vpmaddwd of 16, vpaddd; three ports'),
    i8: /* @__PURE__ */ rate(32, 1, 'vpmaddubsw of 32, vpmaddwd by ones, vpaddd; two multiply ports for the first two'),
    i4: /* @__PURE__ */ rate(32, 2 / 3, 'one code per byte: vpmaddubsw of 32, vpaddw; three ports'),
    b1: bits256,
  }),
});

/** AVX2 with the VEX-encoded VNNI of Alder Lake and later. */
export const avxvnni: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'avxvnni',
  title: 'AVX-VNNI (256 bits)',
  assumes,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float256,
    i16: /* @__PURE__ */ rate(16, 1 / 2, 'vpdpwssd of 16; two multiply ports'),
    i8: /* @__PURE__ */ rate(32, 1 / 2, 'vpdpbusd of 32; two multiply ports'),
    i4: /* @__PURE__ */ rate(32, 1 / 2, 'one code per byte, as i8: vpdpbusd of 32; two multiply ports'),
    b1: bits256,
  }),
});

/** AVX-512 F, BW, DQ, VL without VNNI (Skylake-X): the int8 sequence of AVX2, twice as wide on two ports. */
export const avx512: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'avx512',
  title: 'AVX-512 without VNNI',
  assumes: assumes512,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float512,
    i16: /* @__PURE__ */ rate(32, 1, 'vpmaddwd of 32, vpaddd; two ports'),
    i8: /* @__PURE__ */ rate(64, 3 / 2, 'vpmaddubsw of 64, vpmaddwd by ones, vpaddd; two ports'),
    i4: /* @__PURE__ */ rate(64, 1, 'one code per byte: vpmaddubsw of 64, vpaddw; two ports'),
    b1: bits512,
  }),
});

/** AVX-512 with VNNI (Cascade Lake and later). */
export const avx512vnni: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'avx512vnni',
  title: 'AVX-512 VNNI',
  assumes: assumes512,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({ f32: float512, i16: short512, i8: byte512, i4: nibble512, b1: bits512 }),
});

/** AVX-512 VNNI with half-precision arithmetic (Sapphire Rapids). */
export const avx512fp16: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'avx512fp16',
  title: 'AVX-512 FP16',
  assumes: assumes512,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float512,
    f16: /* @__PURE__ */ rate(32, 1 / 2, 'vfmadd231ph of 32; two ports'),
    i16: short512,
    i8: byte512,
    i4: nibble512,
    b1: bits512,
  }),
});

/** Intel AMX tiles (Sapphire Rapids): one 16×16 tile product per 16 cycles; the rest as AVX-512. */
export const amx: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'amx',
  title: 'AMX (int8, bf16)',
  assumes: 'Intel Sapphire Rapids: a tile product of 16 rows starts every 16 cycles',
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: float512,
    bf16: /* @__PURE__ */ rate(16 * 16 * 32, 16, 'tdpbf16ps, tiles 16×32 and 32×16'),
    i16: short512,
    i8: /* @__PURE__ */ rate(16 * 16 * 64, 16, 'tdpbssd, tiles 16×64 and 64×16'),
    i4: /* @__PURE__ */ rate(16 * 16 * 64, 16, 'one code per byte, as i8: tdpbssd'),
    b1: bits512,
  }),
});
