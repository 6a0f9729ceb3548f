import { UsageError } from '../errors';

/** `0.5%` → 0.005. A bare number is percent too: nobody means half of all accuracy with 0.5. */
export function parsePercent(text: string, where: string): number {
  const match = /^([0-9]*\.?[0-9]+)\s*%?$/.exec(text.trim());
  const value = Number(match?.[1]) / 100;
  if (match === null || value > 1) throw wrong(where, 'percent such as 0.5%', text);
  return value;
}

/** `0.5`: a number from 0 to 1. */
export function parseFraction(text: string, where: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw wrong(where, 'a number from 0 to 1', text);
  return value;
}

const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `60%` → a share of 0.6; `300kB`, `2.5G`, `1000` → a number (decimal prefixes). */
export function parseLimit(text: string, where: string): number | { readonly shareOf8Bit: number } {
  const percent = /^([0-9]*\.?[0-9]+)\s*%$/.exec(text.trim());
  if (percent !== null && Number(percent[1]) > 0) return { shareOf8Bit: Number(percent[1]) / 100 };
  const match = /^([0-9]*\.?[0-9]+)\s*([kmgt]?)b?$/i.exec(text.trim());
  const value = Number(match?.[1]) * (factors[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  if (match === null || !(value > 0)) throw wrong(where, 'a share such as 60% or a number such as 300k', text);
  return value;
}

const milliseconds: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 3.6e6 };

/** `90s`, `10m`, `2h` → milliseconds. */
export function parseDuration(text: string, where: string): number {
  const match = /^([0-9]*\.?[0-9]+)\s*(s|m|h)$/i.exec(text.trim());
  const value = Number(match?.[1]) * (milliseconds[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  if (match === null || !(value > 0)) throw wrong(where, 'a time such as 90s, 10m or 2h', text);
  return value;
}

function wrong(where: string, expected: string, received: string): UsageError {
  return new UsageError({ operation: where, expected, received: JSON.stringify(received) });
}
