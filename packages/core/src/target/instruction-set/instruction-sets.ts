import { i8mm, neon, neondot } from './arm';
import type { InstructionSet } from './instruction-set';
import { sm75, sm80, sm90 } from './nvidia';
import { wasmrelaxedsimd, wasmsimd } from './wasm';
import { amx, avx2, avx512, avx512fp16, avx512vnni, avxvnni, sse2 } from './x86';

/** Every instruction set with known rates, for tables and explanations. */
export const instructionSets: readonly InstructionSet[] = /* @__PURE__ */ Object.freeze([
  sse2,
  avx2,
  avxvnni,
  avx512,
  avx512vnni,
  avx512fp16,
  amx,
  neon,
  neondot,
  i8mm,
  wasmsimd,
  wasmrelaxedsimd,
  sm75,
  sm80,
  sm90,
]);
