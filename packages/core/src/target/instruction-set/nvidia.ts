import { type InstructionSet, rate } from './instruction-set';

/*
 * NVIDIA GPUs, per streaming multiprocessor ("core") and clock, dense. Derived from published peaks:
 *   macsPerCycle = TOPS / (2 · multiprocessors · boost clock)
 *   T4    65 TFLOPS f16, 130 TOPS int8, 260 TOPS int4; 40 SMs at 1.59 GHz
 *   A100  312 TFLOPS f16, 624 TOPS int8, 1,248 TOPS int4, 4,992 TOPS 1 bit; 108 SMs at 1.41 GHz
 *   H100  989 TFLOPS f16, 1,979 TOPS int8; 132 SMs at 1.83 GHz; int4 and 1-bit units are gone
 * f32 is the plain float rate (64 or 128 FMA lanes), not TF32.
 */

const assumes = 'one streaming multiprocessor at boost clock, dense tensor-core products';

/** Turing (T4). */
export const sm75: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'sm75',
  title: 'NVIDIA Turing (T4)',
  assumes,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: /* @__PURE__ */ rate(64, 1, '64 FMA lanes'),
    f16: /* @__PURE__ */ rate(512, 1, 'tensor cores'),
    i8: /* @__PURE__ */ rate(1024, 1, 'tensor cores'),
    i4: /* @__PURE__ */ rate(2048, 1, 'tensor cores'),
  }),
});

/** Ampere (A100). */
export const sm80: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'sm80',
  title: 'NVIDIA Ampere (A100)',
  assumes,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: /* @__PURE__ */ rate(64, 1, '64 FMA lanes'),
    bf16: /* @__PURE__ */ rate(1024, 1, 'tensor cores'),
    f16: /* @__PURE__ */ rate(1024, 1, 'tensor cores'),
    i8: /* @__PURE__ */ rate(2048, 1, 'tensor cores'),
    i4: /* @__PURE__ */ rate(4096, 1, 'tensor cores'),
    b1: /* @__PURE__ */ rate(16384, 1, 'tensor cores'),
  }),
});

/** Hopper (H100). */
export const sm90: InstructionSet = /* @__PURE__ */ Object.freeze<InstructionSet>({
  id: 'sm90',
  title: 'NVIDIA Hopper (H100)',
  assumes,
  evidence: 'documentation',
  rates: /* @__PURE__ */ Object.freeze({
    f32: /* @__PURE__ */ rate(128, 1, '128 FMA lanes'),
    bf16: /* @__PURE__ */ rate(2048, 1, 'tensor cores'),
    f16: /* @__PURE__ */ rate(2048, 1, 'tensor cores'),
    i8: /* @__PURE__ */ rate(4096, 1, 'tensor cores'),
  }),
});
