import { InvalidArgumentError } from '@bitwright/core';
import type { Node } from '@bitwright/onnx';
import type { Observers } from '../calibrate';
import { nameMatcher } from '../exclusions';
import type { QuantizationPlan } from '../plan';
import type { OutputProbe } from '../probe/output-probe';
import type { OnProgress } from '../progress';
import type { AnyRangeSelector } from '../range-selectors';
import { findLowBitLayers, type LayerBits } from '../rounding/low-bit-schemes';
import { allocateBits, type BitAllocations, type BitBudget, budgetLimit } from './allocate-bits';
import { formatLayerBits, parseLayerBits } from './layer-bits';
import { type CostKind, layerMacs } from './layer-costs';
import { type Combination, withinBudget } from './pareto-front';
import type { RoundedWeights } from './round-to-widths';
import { type LayerSensitivity, measureSensitivity, type SensitivityMetric } from './sensitivity';

/** Bits per layer under a budget, or the cheapest bits that keep the accuracy. */
export interface MixedPrecisionOptions {
  /** What is limited, or, with `maxDrop`, made as small as the accuracy allows. */
  readonly budget: BitBudget | { readonly kind: CostKind; readonly maxDrop: number };
  /** What a layer may get: `w8a8`, `w4a4`, `float`. Default by kind of budget. */
  readonly candidates?: readonly string[];
  /** Default `kl`. */
  readonly metric?: SensitivityMetric;
  /** Samples that sensitivity is measured on. Default 64. */
  readonly samples?: number;
}

/** The bits that were chosen, and why: plain JSON data. */
export interface MixedPrecisionReport {
  readonly metric: SensitivityMetric;
  readonly kind: CostKind;
  readonly cost: number;
  readonly costAt8Bits: number;
  /** Limit in units of the cost; undefined where the accuracy decided. */
  readonly limit: number | undefined;
  /** Whether the assignment is the best there is for these losses, or the best of a sweep. */
  readonly isExact: boolean;
  readonly layers: readonly {
    readonly node: string;
    readonly bits: string;
    readonly parameters: number;
    /** Loss at every width that was measured. */
    readonly weightLoss: LayerSensitivity['weightLoss'];
    readonly activationLoss: LayerSensitivity['activationLoss'];
  }[];
}

export interface ChosenBits {
  readonly layers: ReadonlyMap<string, LayerBits>;
  readonly report: MixedPrecisionReport;
}

export interface ChooseBitsInputs {
  readonly plan: QuantizationPlan;
  readonly options: MixedPrecisionOptions;
  readonly observers: Observers;
  readonly probe: OutputProbe;
  readonly activationRange: AnyRangeSelector;
  readonly weightRange: AnyRangeSelector;
  /** Bits given by hand, by node name. */
  readonly fixed: ReadonlyMap<string, LayerBits>;
  readonly shapes?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Rounds weights adaptively to each width, where the result will be rounded so. */
  readonly roundTo?: ((widths: readonly number[]) => Promise<RoundedWeights>) | undefined;
  /** Accuracy lost by an assignment, 0…1, measured on the exported file; for a budget with `maxDrop`. */
  readonly measureDrop?: ((layers: ReadonlyMap<string, LayerBits>) => Promise<number>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

const defaultCandidates: Readonly<Record<CostKind, readonly string[]>> = {
  size: ['w8a8', 'w6a8', 'w5a8', 'w4a8', 'w3a8', 'w2a8'],
  bops: ['w8a8', 'w6a6', 'w4a8', 'w4a6', 'w4a4', 'w3a4', 'w2a4'],
  latency: ['float', 'w8a8', 'w4a4'],
};

/**
 * Measures how sensitive every layer is, and gives bits to layers so that the sum of losses is least within the budget.
 *
 * First and last layers keep 8 bits unless bits were given for them by hand.
 *
 * @throws {InvalidArgumentError} when the budget is below the cheapest assignment, or a cost is not known
 */
export async function chooseBits(inputs: ChooseBitsInputs): Promise<ChosenBits> {
  const { plan, options, probe, observers, fixed } = inputs;
  const { budget, metric = 'kl' } = options;
  const candidates = (options.candidates ?? defaultCandidates[budget.kind]).map(parseLayerBits);
  const { nodes, outermost } = findLowBitLayers(plan.model, plan.placement);
  const given = new Map<string, LayerBits>([
    ...[...outermost].map((node): [string, LayerBits] => [node.name, { weightBits: 8, activationBits: 8 }]),
    ...fixed,
  ]);
  const widths = (pick: (bits: LayerBits) => number): readonly number[] =>
    [...new Set([...candidates, ...given.values()].map(pick))].filter((bits) => bits < 32).sort((a, b) => b - a);
  const weightBits = widths((bits) => bits.weightBits);
  const layers = await measureSensitivity({
    ...inputs,
    rounded: await inputs.roundTo?.(weightBits),
    plan,
    layers: nodes,
    observers,
    probe,
    metric,
    weightBits,
    activationBits: widths(({ activationBits }) => activationBits),
  });
  const { target } = plan.placement;
  const macs = layerMacs(plan.model, inputs.shapes);
  const allocations = allocateBits({ layers, macs, target, kind: budget.kind, candidates, fixed: given });
  const limit = 'limit' in budget ? budgetLimit(budget, allocations) : undefined;
  const combination =
    limit === undefined ? await cheapestAccurate(allocations, inputs) : withinBudget(allocations.front, limit);
  const chosen = combination === undefined ? new Map<string, LayerBits>() : allocations.assignment(combination);
  return {
    layers: chosen,
    report: {
      metric,
      kind: budget.kind,
      cost: combination?.cost ?? Number.NaN,
      costAt8Bits: allocations.costAt8Bits,
      limit,
      isExact: allocations.front.isExact,
      layers: layers.map(({ node, parameters, weightLoss, activationLoss }) => {
        const bits = chosen.get(node);
        return { node, bits: bits === undefined ? '' : formatLayerBits(bits), parameters, weightLoss, activationLoss };
      }),
    },
  };
}

/**
 * Bits by hand: glob patterns over node names and what the layers they match get; later patterns win.
 *
 * @throws {InvalidArgumentError} for a pattern that matches no layer with weights, with the names there are
 */
export function bitsByHand(
  patterns: readonly (readonly [pattern: string, bits: string])[],
  layers: readonly Node[],
): ReadonlyMap<string, LayerBits> {
  const result = new Map<string, LayerBits>();
  for (const [pattern, text] of patterns) {
    const bits = parseLayerBits(text);
    const isMatch = nameMatcher(pattern);
    const found = layers.filter(({ name }) => isMatch(name));
    if (found.length === 0) {
      throw new InvalidArgumentError({
        operation: '[ptq] layer bits',
        expected: `a pattern that matches a quantized layer with weights (${layers
          .slice(0, 5)
          .map(({ name }) => name)
          .join(', ')}, …)`,
        received: JSON.stringify(pattern),
      });
    }
    for (const { name } of found) result.set(name, bits);
  }
  return result;
}

// — internals —

/** The cheapest combination that loses no more than allowed: a binary search along the front, on measured accuracy. */
async function cheapestAccurate(
  allocations: BitAllocations,
  { options, measureDrop }: ChooseBitsInputs,
): Promise<Combination | undefined> {
  const { budget } = options;
  const { combinations } = allocations.front;
  if (!('maxDrop' in budget) || measureDrop === undefined) {
    throw new InvalidArgumentError({
      operation: '[ptq] mixed precision',
      expected: 'labelled samples, for bits that keep the accuracy',
      received: 'none',
    });
  }
  let low = 0;
  let high = combinations.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const drop = await measureDrop(allocations.assignment(combinations[middle] as Combination));
    if (drop <= budget.maxDrop) high = middle;
    else low = middle + 1;
  }
  return combinations[low];
}
