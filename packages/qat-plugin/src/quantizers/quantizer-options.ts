import { InvalidArgumentError, type JsonObject } from '@bitwright/core';

/** Refuses options a quantizer does not have. */
export function assertKnown(type: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw invalid(type, `the options ${known.join(', ')}`, `"${unknown}"`);
}

/** An integer number of bits within [least, most]. */
export function bitsOf(type: string, bits: unknown, least = 2, most = 8): number {
  if (typeof bits === 'number' && Number.isInteger(bits) && bits >= least && bits <= most) return bits;
  const hint = bits === 1 ? 'For one bit use a binary quantizer: irNet(), xnor(), steSign() …' : undefined;
  throw invalid(type, `bits ${least} to ${most}`, String(bits), hint);
}

/** A number within [least, most]. */
export function numberOf(type: string, name: string, value: number, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw invalid(type, `${name} from ${least} to ${most}`, String(value));
}

/** One of a few words or flags. */
export function choiceOf<T extends string | boolean>(type: string, name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw invalid(type, `${name} ${allowed.join(' or ')}`, JSON.stringify(value) ?? 'nothing');
}

/** Options without undefined entries, frozen: what is saved with a model. */
export function plainOptions(options: Record<string, unknown>): JsonObject {
  return Object.freeze(JSON.parse(JSON.stringify(options)) as JsonObject);
}

function invalid(type: string, expected: string, received: string, hint?: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: `[qat-plugin] ${type}`, expected, received, hint });
}
