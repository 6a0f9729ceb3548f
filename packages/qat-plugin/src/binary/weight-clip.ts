import { clipByValue, serialization, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Keeps latent binary weights within ±value after every update: beyond it their gradient is 0 and they would never come back.
 *
 * @see Courbariaux et al. 2015, arXiv:1511.00363 §2.4
 */
export class WeightClip extends serialization.Serializable {
  static className: string = 'BitwrightWeightClip';
  private readonly value: number;

  constructor(config: { value?: number } = {}) {
    super();
    this.value = config.value ?? 1;
  }

  apply(w: Tensor): Tensor {
    return clipByValue(w, -this.value, this.value);
  }

  override getConfig(): serialization.ConfigDict {
    return { value: this.value };
  }
}

/** What layers take as `kernelConstraint` for it. */
export function weightClip(value = 1): { className: string; config: { value: number } } {
  return { className: WeightClip.className, config: { value } };
}
