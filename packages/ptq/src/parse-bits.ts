import { InvalidArgumentError } from '@bitwright/core';
import type { LowBitOptions } from './rounding/low-bit-schemes';

/**
 * Bits of weights and activations from the literature's short form: `w4a8`, `W8A8`, `w4` (activations 8). Undefined for w8a8,
 * which needs no change of schemes.
 *
 * @throws {InvalidArgumentError} for anything else
 */
export function parseBits(text: string): LowBitOptions | undefined {
  const match = /^w([2-8])(?:a([2-8]))?$/i.exec(text.trim());
  if (match === null) {
    throw new InvalidArgumentError({
      operation: '[ptq] bits',
      expected: 'bits of weights and activations such as w8a8, w4a8 or w4a4 (2 to 8 each)',
      received: JSON.stringify(text),
    });
  }
  const [weightBits, activationBits] = [Number(match[1]), Number(match[2] ?? 8)];
  return weightBits === 8 && activationBits === 8 ? undefined : { weightBits, activationBits };
}
