import { lsq } from './lsq';
import type { Quantizer } from './quantizer';
import { quantizerFromJson } from './registry';

/**
 * The same kind of quantizer with at least so many bits. One-bit quantizers and wrappers around others have no wider form:
 * LSQ stands in.
 */
export function withBits(quantizer: Quantizer, bits: number): Quantizer {
  if (quantizer.bits >= bits) return quantizer;
  const hasBits = typeof quantizer.options['bits'] === 'number';
  const isWidest = quantizer.type === 'apot' || quantizer.type === 'logarithmic';
  if (!hasBits || isWidest) return lsq({ bits });
  return quantizerFromJson({ type: quantizer.type, options: { ...quantizer.options, bits } });
}
