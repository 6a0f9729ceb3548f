import { type CodeRange, int4, type LinearScheme, withScheme } from '@bitwright/core';

/**
 * A weight scheme with those of its codes that b bits hold, −2^(b−1) … 2^(b−1)−1 where signed; `packed` stores up to four bits as
 * int4, `bytes` leaves the type as it is.
 */
export function narrowWeight(scheme: LinearScheme, bits: number, storage: 'bytes' | 'packed' = 'bytes'): LinearScheme {
  if (bits >= 8) return scheme;
  const packed = storage === 'packed' && bits <= 4 ? { dtype: int4 } : {};
  return withScheme(scheme, { ...packed, ...codesWithin(scheme, bits), narrowRange: false });
}

/** An activation scheme with 2^b codes. */
export function narrowActivation(scheme: LinearScheme, bits: number): LinearScheme {
  if (bits >= 8) return scheme;
  return withScheme(scheme, { ...codesWithin(scheme, bits), ...(scheme.dtype.signed ? { narrowRange: false } : {}) });
}

// — internals —

function codesWithin({ dtype, qmin, qmax }: LinearScheme, bits: number): CodeRange {
  const [least, most] = dtype.signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return { qmin: Math.max(qmin, least), qmax: Math.min(qmax, most) };
}
