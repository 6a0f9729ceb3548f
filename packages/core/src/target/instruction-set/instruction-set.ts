import type { EvidenceLevel } from '../evidence';

/** Number formats for which a chip has a peak rate; both operands of the multiplication have the format. */
export type PeakFormat = 'f32' | 'f16' | 'bf16' | 'i16' | 'i8' | 'i4' | 'b1';

/** All formats, widest first. */
export const peakFormats: readonly PeakFormat[] = /* @__PURE__ */ Object.freeze([
  'f32',
  'bf16',
  'f16',
  'i16',
  'i8',
  'i4',
  'b1',
]);

/** How a rate was derived: `macsPerCycle = macsPerStep / cyclesPerStep`. */
export interface PeakRate {
  /** Multiply–accumulates per clock cycle and core; one MAC counts as two operations elsewhere. */
  readonly macsPerCycle: number;
  /** MACs that one pass through the instruction sequence does. */
  readonly macsPerStep: number;
  /** Cycles between two passes when the execution ports are full. */
  readonly cyclesPerStep: number;
  /** The instruction sequence and the ports it waits for. */
  readonly step: string;
}

/**
 * What one instruction set can do at best, in registers: no loads, no quantization, no tails. A real kernel reaches 60–95 %.
 *
 * macsPerCycle = macsPerStep / cyclesPerStep with
 *   macsPerStep   = (vector bits / element bits) · MACs per lane, summed over the instructions of the sequence
 *   cyclesPerStep = max over ports of (instructions that only this group of ports runs / ports in the group)
 */
export interface InstructionSet {
  /** Feature name: `avx2`, `neondot`. */
  readonly id: string;
  readonly title: string;
  /** The core whose ports the numbers assume. */
  readonly assumes: string;
  /** How far the port counts were checked. */
  readonly evidence: EvidenceLevel;
  readonly rates: Readonly<Partial<Record<PeakFormat, PeakRate>>>;
}

/** A rate from its derivation. */
export function rate(macsPerStep: number, cyclesPerStep: number, step: string): PeakRate {
  return Object.freeze({ macsPerCycle: macsPerStep / cyclesPerStep, macsPerStep, cyclesPerStep, step });
}

/** The plain numbers of some instruction sets, as targets carry them: id → format → MACs per cycle. */
export function peaksOf(
  sets: readonly InstructionSet[],
): Readonly<Record<string, Readonly<Partial<Record<PeakFormat, number>>>>> {
  const entries = sets.map(({ id, rates }) => [
    id,
    Object.freeze(
      Object.fromEntries(Object.entries(rates).map(([format, { macsPerCycle }]) => [format, macsPerCycle])),
    ),
  ]);
  return Object.freeze(Object.fromEntries(entries));
}
