import { InvalidArgumentError } from '@bitwright/core';
import type { Optimizer } from '@tensorflow/tfjs-core';

/** Learning rate as a function of the fraction of training done. */
export type LearningRate = (progress: number) => number;

export interface LearningRateOptions {
  readonly peak: number;
  /** Fraction of training during which the rate climbs linearly from 0. Default 0. */
  readonly warmUp?: number;
  /** Default `cosine`. */
  readonly decay?: 'cosine' | 'linear' | 'constant';
  /** Rate at the end, as a fraction of the peak. Default 0. */
  readonly floor?: number;
}

/**
 * Warm-up, then decay: with t the fraction of training behind the warm-up,
 * cosine floor + (1 − floor)·½(1 + cos πt), linear 1 − (1 − floor)·t, times the peak.
 */
export function learningRate(options: LearningRateOptions): LearningRate {
  const { peak, warmUp = 0, decay = 'cosine', floor = 0 } = options;
  if (!(peak > 0) || !(warmUp >= 0 && warmUp < 1)) {
    throw new InvalidArgumentError({
      operation: '[qat-plugin] learningRate',
      expected: 'a peak above 0 and a warmUp within [0, 1)',
      received: `peak ${peak}, warmUp ${warmUp}`,
    });
  }
  return (progress) => {
    if (progress < warmUp) return (peak * progress) / warmUp;
    const t = Math.min((progress - warmUp) / (1 - warmUp), 1);
    if (decay === 'constant') return peak;
    const shape = decay === 'cosine' ? 0.5 * (1 + Math.cos(Math.PI * t)) : 1 - t;
    return peak * (floor + (1 - floor) * shape);
  };
}

/** Sets the rate of any optimizer of TensorFlow.js. */
export function setLearningRate(optimizer: Optimizer, rate: number): void {
  const target = optimizer as Optimizer & { setLearningRate?: (rate: number) => void; learningRate?: number };
  if (typeof target.setLearningRate === 'function') target.setLearningRate(rate);
  else target.learningRate = rate;
}
