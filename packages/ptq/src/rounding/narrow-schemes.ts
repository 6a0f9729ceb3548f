import { int4, type LinearScheme, withScheme } from '@bitwright/core';

/** A weight scheme with the codes −2^(b−1) … 2^(b−1)−1; `packed` stores up to four bits as int4, `bytes` leaves the type as it is. */
export function narrowWeight(scheme: LinearScheme, bits: number, storage: 'bytes' | 'packed' = 'bytes'): LinearScheme {
  if (bits >= 8) return scheme;
  const codes = { qmin: -(2 ** (bits - 1)), qmax: 2 ** (bits - 1) - 1, narrowRange: false };
  const packed = storage === 'packed' && bits <= 4 ? { dtype: int4 } : {};
  return withScheme(scheme, { ...packed, ...codes });
}

/** An activation scheme with 2^b codes. */
export function narrowActivation(scheme: LinearScheme, bits: number): LinearScheme {
  if (bits >= 8) return scheme;
  const codes = scheme.dtype.signed
    ? { qmin: -(2 ** (bits - 1)), qmax: 2 ** (bits - 1) - 1, narrowRange: false }
    : { qmin: 0, qmax: 2 ** bits - 1 };
  return withScheme(scheme, codes);
}
