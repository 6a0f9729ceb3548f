import {
  assertScheme,
  intDType,
  type LinearScheme,
  linearScheme,
  perAxis,
  perTensor,
  type Target,
} from '@bitwright/core';
import type { Codes } from '../ops/codes';
import type { Quantizer } from '../quantizers/quantizer';

/** Codes and the code of real 0, in the numbers training works with. */
export interface CodeChoice {
  readonly codes: Codes;
  readonly zeroPoint: number | 'free';
}

/**
 * Codes of a weight.
 *
 *   8 bits          the target's own
 *   4 to 7 bits     ±(2^(b−1) − 1): symmetric
 *   2 and 3 bits    −2^(b−1)…2^(b−1) − 1: one level of four or eight is too many to give away
 *   1 bit           −1, +1
 *
 * @throws {UnsupportedSchemeError} when the target cannot run such weights
 */
export function weightCodes(quantizer: Quantizer, target: Target, tensor: string): CodeChoice {
  const { weight } = target.schemes;
  const isFree = quantizer.freesWeightZeroPoint === true;
  const { bits } = quantizer;
  const most = 2 ** (bits - 1) - 1;
  const least = bits <= 3 || isFree ? -(most + 1) : -most;
  const codes =
    bits === 1 ? { qmin: -1, qmax: 1 } : { qmin: Math.max(least, weight.qmin), qmax: Math.min(most, weight.qmax) };
  const eight = bits >= 8 && !isFree ? { qmin: weight.qmin, qmax: weight.qmax } : codes;
  const granularity = weight.granularity.kind === 'perAxis' ? perAxis(0) : perTensor;
  const mapping = isFree ? 'asymmetric' : 'symmetric';
  const scheme = linearScheme({ dtype: storageOf(weight), mapping, granularity, ...eight });
  assertScheme(target, 'weight', scheme, `weights of "${tensor}" by ${quantizer.type}`);
  return { codes: eight, zeroPoint: isFree ? 'free' : 0 };
}

/**
 * Codes of an activation: 0…2^b − 1 with real 0 at code 0 where it is known to be ≥ 0, and else at a code that is learned
 * (where the target and the quantizer can) or the middle one; −2^(b−1)…2^(b−1) − 1 around 0 on targets with symmetric
 * activations only.
 *
 * @throws {UnsupportedSchemeError} when the target cannot run such activations
 */
export function activationCodes(
  quantizer: Quantizer,
  target: Target,
  isNonNegative: boolean,
  tensor: string,
): CodeChoice {
  const { activation } = target.schemes;
  const { bits } = quantizer;
  if (bits === 1) return { codes: { qmin: -1, qmax: 1 }, zeroPoint: 0 };
  const isSymmetricSigned = activation.mapping === 'symmetric' && activation.dtype.signed;
  const half = 2 ** (bits - 1);
  const choice: CodeChoice = isSymmetricSigned
    ? { codes: { qmin: Math.max(-half, activation.qmin), qmax: half - 1 }, zeroPoint: 0 }
    : {
        codes: { qmin: 0, qmax: 2 * half - 1 },
        zeroPoint: isNonNegative ? 0 : quantizer.choosesZeroPoint === true ? 'free' : half,
      };
  assertScheme(
    target,
    'activation',
    activationScheme(choice, activation),
    `activation "${tensor}" by ${quantizer.type}`,
  );
  return choice;
}

/** The scheme of an activation in the target's storage type; codes move by half a type where that is signed. */
export function activationScheme({ codes }: CodeChoice, storage: LinearScheme): LinearScheme {
  const shift = codes.qmin >= 0 && storage.dtype.signed ? 2 ** (storage.dtype.bits - 1) : 0;
  return linearScheme({
    dtype: storage.dtype,
    mapping: storage.mapping === 'symmetric' && storage.dtype.signed ? 'symmetric' : 'asymmetric',
    qmin: codes.qmin - shift,
    qmax: codes.qmax - shift,
  });
}

/** Weights are stored in at least eight bits; narrower codes say so themselves. */
function storageOf({ dtype }: LinearScheme): LinearScheme['dtype'] {
  return dtype.bits >= 8 ? dtype : intDType(8, true);
}
