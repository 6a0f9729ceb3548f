import { fill, type Tensor } from '@tensorflow/tfjs-core';
import { codesFromZero } from './gradient-scale';
import type { Grid, QuantizerContext } from './quantizer';

/** The grid of a step alone: the zero point is the one the context fixes, the middle where it is free. */
export function symmetricGrid(scale: Tensor, context: QuantizerContext): Grid {
  const { qmin, qmax } = context.codes;
  const zeroPoint = fill(scale.shape, qmin - codesFromZero(context).qmin);
  return { scale, zeroPoint, qmin, qmax, isUniform: true };
}
