import { fill, ones, type Tensor } from '@tensorflow/tfjs-core';
import type { Grid, QuantizerContext } from '../quantizers/quantizer';

/** The grid of ±scale: codes −1 and +1 (0 as well for ternary values), zero point 0. */
export function binaryGrid({ paramShape }: QuantizerContext, scale?: Tensor): Grid {
  const shape = [...paramShape];
  return { scale: scale ?? ones(shape), zeroPoint: fill(shape, 0), qmin: -1, qmax: 1, isUniform: false };
}
