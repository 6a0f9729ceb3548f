import { InvalidArgumentError } from '@bitwright/core';
import type { LayerBits } from '../rounding/low-bit-schemes';

/** A layer that stays in float. */
const floatLayer: LayerBits = Object.freeze({ weightBits: 32, activationBits: 32 });

/**
 * Bits of one layer: `w4a8`, `w4` (activations 8), `float`.
 *
 * @throws {InvalidArgumentError} for anything else
 */
export function parseLayerBits(text: string): LayerBits {
  if (/^float$/i.test(text.trim())) return floatLayer;
  const match = /^w([2-8])(?:a([2-8]))?$/i.exec(text.trim());
  if (match === null) {
    throw new InvalidArgumentError({
      operation: '[ptq] layer bits',
      expected: 'bits of weights and activations such as w8a8 or w4a4 (2 to 8 each), or float',
      received: JSON.stringify(text),
    });
  }
  return Object.freeze({ weightBits: Number(match[1]), activationBits: Number(match[2] ?? 8) });
}

/** `w4a8`, `float`. */
export function formatLayerBits({ weightBits, activationBits }: LayerBits): string {
  return weightBits === 32 ? 'float' : `w${weightBits}a${activationBits}`;
}
