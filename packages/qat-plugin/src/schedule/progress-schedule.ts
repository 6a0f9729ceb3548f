import { InvalidArgumentError } from '@bitwright/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { batchNormsOf, slotsOf } from '../graph/walk-layers';

/** When what stops following the data; fractions of training. */
export interface ScheduleOptions {
  /** From here on batch normalization uses its moving statistics in training too. Default: never. */
  readonly freezeBatchNormAt?: number;
  /** From here on observed ranges stay (quantizers with learned parameters go on learning). Default: never. */
  readonly freezeObserversAt?: number;
}

/**
 * Tells every quantizer how far training is: slopes, bits and freezes follow. Depends on `progress` alone, so a resumed
 * training continues where it was.
 *
 * @throws {InvalidArgumentError} when progress is outside [0, 1]
 */
export function applyProgress(model: LayersModel, progress: number, options: ScheduleOptions = {}): void {
  if (!(progress >= 0 && progress <= 1)) {
    throw new InvalidArgumentError({
      operation: '[qat-plugin] step',
      expected: 'the fraction of training done, 0 to 1',
      received: String(progress),
    });
  }
  const { freezeBatchNormAt = Number.POSITIVE_INFINITY, freezeObserversAt = Number.POSITIVE_INFINITY } = options;
  for (const { state } of slotsOf(model)) {
    state.progress = progress;
    state.areRangesFrozen = progress >= freezeObserversAt;
  }
  for (const layer of batchNormsOf(model)) layer.areStatisticsFrozen = progress >= freezeBatchNormAt;
}
