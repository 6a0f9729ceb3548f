import type { QuantizationSpec } from '@bitwright/core';
import type { QuantizationReport } from '@bitwright/ptq';

/** Key of a spec's extensions: what changed weights or biases of its float model after preparation. */
const key = 'bitwright.changedWeights';

/**
 * The spec with a mark where weights were changed (equalized, rounded adaptively, biases corrected): a spec holds parameters only,
 * so together with the original model it would describe another network than the measured one.
 */
export function withChangedWeights(
  spec: QuantizationSpec,
  { preparation, refinement }: Pick<QuantizationReport, 'preparation' | 'refinement'>,
): QuantizationSpec {
  const isEqualized = preparation.some((change) => change.startsWith('equalizeWeights'));
  const steps = [...(isEqualized ? ['equalization'] : []), ...refinement];
  return steps.length === 0 ? spec : { ...spec, extensions: { ...spec.extensions, [key]: steps } };
}

/** What changed the weights of the spec's float model; empty when they are those of the file. */
export function changedWeights(spec: QuantizationSpec): readonly string[] {
  const steps = spec.extensions?.[key];
  return Array.isArray(steps) ? steps.map(String) : [];
}
