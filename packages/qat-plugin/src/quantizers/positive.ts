import { abs, maximum, type Tensor } from '@tensorflow/tfjs-core';

/** Smallest step: a learned step may cross 0 for a moment, and then counts as its magnitude, never below this. */
const smallestStep = 1e-8;

/** max(|s|, 1e-8): a step that stays positive whatever the optimizer does. */
export function positive(step: Tensor): Tensor {
  return maximum(abs(step), smallestStep);
}
