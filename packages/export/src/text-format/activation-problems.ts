import type { PlanProblem } from '@bitwright/core';
import { type SpecTensor, tensorPlace } from '../spec-tensors';

/**
 * Activations that are not int8 with one scale and zero point 0: all that a format of symmetric ranges can say.
 *
 * @param hint how to get a spec that fits
 */
export function symmetricInt8Problems(tensors: readonly SpecTensor[], hint: string): readonly PlanProblem[] {
  return tensors.flatMap(({ name, quantization }): PlanProblem[] => {
    const { scheme, qparams } = quantization;
    const where = tensorPlace(name);
    const isInt8 = scheme.dtype.signed && scheme.dtype.bits === 8 && scheme.qmax === 127 && scheme.qmin <= -127;
    if (!isInt8) {
      const received = `${scheme.dtype.name} codes [${scheme.qmin},${scheme.qmax}]`;
      return [{ where, expected: 'int8 codes up to 127', received, hint }];
    }
    const zeroPoint = qparams.zeroPoint.find((z) => z !== 0);
    if (zeroPoint !== undefined) return [{ where, expected: 'zero point 0', received: String(zeroPoint), hint }];
    return [];
  });
}
