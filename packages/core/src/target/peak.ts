import { InvalidArgumentError } from '../errors';
import type { PeakFormat } from './instruction-set/instruction-set';
import type { Target } from './target';

/**
 * Peak multiply–accumulates per clock cycle and core for operands of a format; undefined when the chip has no instruction for
 * it, or when nothing is known about the chip. Without `isa`: the best of the target's instruction sets.
 *
 * The derivations are in {@link instructionSets}. Two operations per MAC, if operations are wanted.
 *
 * @throws {InvalidArgumentError} when the target has no such instruction set
 */
export function theoreticalPeak(target: Target, format: PeakFormat, isa?: string): number | undefined {
  if (isa !== undefined) return ratesOf(target, isa)[format];
  let best: number | undefined;
  for (const rates of Object.values(target.peakMacsPerCycle)) {
    const peak = rates[format];
    if (peak !== undefined && (best === undefined || peak > best)) best = peak;
  }
  return best;
}

/**
 * Whether computing in a format can be faster than float32:
 *   canPay     the peak is well above float's: measure, it may be worth it
 *   marginal   the peak is above float's, but quantizing and requantizing will eat most of it
 *   cannotPay  no faster in the best case; fewer bits only save memory
 *   unknown    nothing is published about the chip
 */
export type PayVerdict = 'canPay' | 'marginal' | 'cannotPay' | 'unknown';

export interface FormatPay {
  /** Peak of the format / peak of float32 on the same instruction set; undefined where one is not known. */
  readonly ratioToFloat: number | undefined;
  readonly verdict: PayVerdict;
  readonly reason: string;
}

/**
 * Below this ratio the gain is called marginal. A 3×3 convolution of 16 channels does 144 MACs per output and needs about a
 * dozen float operations to requantize it: 10–20 % of its time on the sets listed here.
 */
const worthwhileRatio = 1.25;

/**
 * Whether a number format can pay at all on one instruction set of a target, before anything is measured.
 *
 * @throws {InvalidArgumentError} when the target has no such instruction set
 */
export function canFormatPay(target: Target, format: PeakFormat, isa: string): FormatPay {
  if (Object.keys(target.peakMacsPerCycle).length === 0) {
    return Object.freeze({
      ratioToFloat: undefined,
      verdict: 'unknown',
      reason: `no peak rates are known for ${target.title}`,
    });
  }
  const rates = ratesOf(target, isa);
  const float = rates.f32;
  const peak = rates[format];
  const ratioToFloat = peak === undefined || float === undefined ? undefined : peak / float;
  const answer = (verdict: PayVerdict, reason: string): FormatPay => Object.freeze({ ratioToFloat, verdict, reason });

  if (format === 'f32') return answer('cannotPay', 'float32 is the yardstick');
  if (float === undefined) return answer('unknown', `the float32 peak of ${isa} is not known`);
  if (peak === undefined) {
    return answer(
      'cannotPay',
      `${isa} has no ${format} arithmetic: values are widened first, so ${format} only saves memory`,
    );
  }
  const rate = `${round(peak)} MACs per cycle against ${round(float)} for float32 (${round(peak / float)}×)`;
  if (!target.kernelFormats.includes(format)) {
    return answer('cannotPay', `${isa} could do ${rate}, but ${target.title} has no ${format} kernels`);
  }
  if (peak <= float) return answer('cannotPay', `${rate}: no faster even at the peak`);
  if (peak < worthwhileRatio * float)
    return answer('marginal', `${rate}: quantizing and requantizing will eat most of it`);
  const wider = widerAtSameRate(target, rates, format);
  const compared = wider === undefined ? '' : `, but no more than ${wider}, beside which it only saves memory`;
  return answer('canPay', `${rate}, less quantizing, requantizing and layout${compared}: measure it`);
}

// — internals —

type Rates = Target['peakMacsPerCycle'][string];

const integerFormats: readonly PeakFormat[] = ['i16', 'i8', 'i4', 'b1'];

/** A wider integer format of this runtime that is already as fast. */
function widerAtSameRate(target: Target, rates: Rates, format: PeakFormat): PeakFormat | undefined {
  const peak = rates[format] as number;
  const wider = integerFormats.slice(0, Math.max(0, integerFormats.indexOf(format)));
  return wider.reverse().find((other) => target.kernelFormats.includes(other) && (rates[other] ?? 0) >= peak);
}

function ratesOf(target: Target, isa: string): Rates {
  const rates = Object.hasOwn(target.peakMacsPerCycle, isa) ? target.peakMacsPerCycle[isa] : undefined;
  if (rates !== undefined) return rates;
  const known = Object.keys(target.peakMacsPerCycle);
  throw new InvalidArgumentError({
    operation: '[core] theoreticalPeak',
    expected:
      known.length === 0
        ? `no instruction set (none is described for ${target.id})`
        : `an instruction set of ${target.id} (${known.join(', ')})`,
    received: JSON.stringify(isa),
  });
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
