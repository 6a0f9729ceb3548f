import type { QuantizerContext } from './quantizer';

/**
 * Factor that balances the gradient of one learned parameter with those of the values that share it: 1/√(N·p), with N
 * weights per parameter, or features of one sample (not of the batch), and p the largest code from real 0.
 *
 * @see Esser et al. 2020, arXiv:1902.08153 §2.2
 */
export function lsqGradientScale(context: QuantizerContext): number {
  return 1 / Math.sqrt(Math.max(context.elements, 1) * largestCode(context));
}

/** Codes relative to the zero point: [qmin − z, qmax − z]; a free zero point counts as the middle. */
export function codesFromZero({ codes, zeroPoint }: QuantizerContext): { qmin: number; qmax: number } {
  const z = zeroPoint === 'free' ? Math.ceil((codes.qmin + codes.qmax) / 2) : zeroPoint;
  return { qmin: codes.qmin - z, qmax: codes.qmax - z };
}

function largestCode(context: QuantizerContext): number {
  if (context.zeroPoint === 'free') return context.codes.qmax - context.codes.qmin;
  return Math.max(codesFromZero(context).qmax, 1);
}
