import type { ObserveChannelsOptions } from '../equalization/channel-statistics';
import { type PlanOptions, planPrepared, type QuantizationPlan } from '../plan';
import { observeChannelMaxima } from './channel-maxima';
import { smoothActivations, smoothableTensors } from './smooth-activations';

/**
 * The plan of a model whose outlier channels were smoothed (SmoothQuant), with maxima from a run over the samples.
 *
 * @throws {InvalidArgumentError} for alpha outside [0, 1]
 */
export async function smoothedPlan(
  plan: QuantizationPlan,
  planOptions: PlanOptions,
  alpha: number,
  observing: Omit<ObserveChannelsOptions, 'tensors'>,
): Promise<QuantizationPlan> {
  const tensors = smoothableTensors(plan.model);
  const maxima = await observeChannelMaxima(plan.model, { ...observing, tensors });
  const { model, smoothed, skipped } = smoothActivations(plan.model, maxima, { alpha });
  const changes = [
    ...smoothed.map(
      ({ tensor, outlierRatioBefore, outlierRatioAfter }) =>
        `smoothActivations: "${tensor}", largest over median channel ${outlierRatioBefore.toPrecision(3)} to ${outlierRatioAfter.toPrecision(3)}`,
    ),
    ...skipped.map(({ tensor, reason }) => `smoothActivations: left "${tensor}" as it was: ${reason}`),
  ];
  return planPrepared({ original: plan.original, model, changes: [...plan.changes, ...changes] }, planOptions);
}
