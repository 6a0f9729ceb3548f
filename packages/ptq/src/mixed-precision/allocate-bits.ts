import { InvalidArgumentError, type Target } from '@bitwright/core';
import type { LayerBits } from '../rounding/low-bit-schemes';
import { formatLayerBits } from './layer-bits';
import { type CostKind, layerCost } from './layer-costs';
import { type Choice, type Combination, type ParetoFront, paretoFront } from './pareto-front';
import type { LayerSensitivity } from './sensitivity';

/** What is limited, and by how much: in units of the cost, or as a share of all layers at 8 bits. */
export interface BitBudget {
  readonly kind: CostKind;
  readonly limit: number | { readonly shareOf8Bit: number };
}

export interface AllocationInputs {
  readonly layers: readonly LayerSensitivity[];
  readonly macs: ReadonlyMap<string, number>;
  readonly target: Target;
  readonly kind: CostKind;
  /** What a layer may get. */
  readonly candidates: readonly LayerBits[];
  /** Layers whose bits are given, by node name. */
  readonly fixed: ReadonlyMap<string, LayerBits>;
}

/** Every sensible way to give bits to layers, ascending by cost. */
export interface BitAllocations {
  readonly front: ParetoFront;
  /** Cost of all layers at 8 bits, and at the cheapest that is allowed. */
  readonly costAt8Bits: number;
  readonly cheapest: number;
  /** Bits by node name of one combination. */
  assignment(combination: Combination): ReadonlyMap<string, LayerBits>;
}

/**
 * Sensitivities and costs to the Pareto front of assignments. Layers that read the same activation get the same activation bits:
 * they are one item of the knapsack.
 *
 * @throws {InvalidArgumentError} when a cost is not known
 */
export function allocateBits(inputs: AllocationInputs): BitAllocations {
  const items = groupLayers(inputs).map((layers) => makeItem(layers, inputs));
  const front = paretoFront(items.map(({ choices }) => choices));
  const costOf = (pick: (layer: LayerSensitivity) => LayerBits): number =>
    inputs.layers.reduce((sum, layer) => sum + cost(layer, pick(layer), inputs), 0);
  return {
    front,
    costAt8Bits: costOf(() => ({ weightBits: 8, activationBits: 8 })),
    cheapest: front.combinations[0]?.cost ?? 0,
    assignment: ({ choices }) => {
      const bits = new Map<string, LayerBits>();
      for (const [i, item] of items.entries()) {
        for (const [node, layerBits] of item.assignments[choices[i] as number] ?? []) bits.set(node, layerBits);
      }
      return bits;
    },
  };
}

/**
 * The limit of a budget in units of the cost.
 *
 * @throws {InvalidArgumentError} when even the cheapest assignment costs more
 */
export function budgetLimit(budget: BitBudget, allocations: BitAllocations): number {
  const { limit, kind } = budget;
  const units = typeof limit === 'number' ? limit : limit.shareOf8Bit * allocations.costAt8Bits;
  if (units >= allocations.cheapest) return units;
  const share = (value: number): string =>
    `${((100 * value) / allocations.costAt8Bits).toFixed(1)} % of all layers at 8 bits`;
  throw new InvalidArgumentError({
    operation: '[ptq] mixed precision',
    expected: `a budget for ${kind} of at least ${Math.ceil(allocations.cheapest)} (${share(allocations.cheapest)}), the cheapest there is`,
    received: `${Math.floor(units)} (${share(units)})`,
    hint: 'Allow fewer bits with more candidates, or raise the budget.',
  });
}

// — internals —

interface Item {
  readonly choices: readonly Choice[];
  /** Bits per node, by choice. */
  readonly assignments: readonly (readonly (readonly [string, LayerBits])[])[];
}

/** Layers that must share their activation bits, where candidates differ in them. */
function groupLayers({ layers, candidates }: AllocationInputs): readonly (readonly LayerSensitivity[])[] {
  const isShared = new Set(candidates.map(({ activationBits }) => activationBits)).size > 1;
  if (!isShared) return layers.map((layer) => [layer]);
  const groups = new Map<string, LayerSensitivity[]>();
  for (const layer of layers) {
    const key = layer.activation === undefined ? `node ${layer.node}` : `tensor ${layer.activation}`;
    groups.set(key, [...(groups.get(key) ?? []), layer]);
  }
  return [...groups.values()];
}

/** All combinations of weight bits inside a group for each of its activation bits, less those another one beats. */
function makeItem(layers: readonly LayerSensitivity[], inputs: AllocationInputs): Item {
  const widths = [...new Set(inputs.candidates.map(({ activationBits }) => activationBits))];
  const found: { choice: Choice; bits: readonly (readonly [string, LayerBits])[] }[] = [];
  for (const activationBits of widths) {
    const options = layers.map((layer) => {
      const fixed = inputs.fixed.get(layer.node);
      return fixed !== undefined ? [fixed] : inputs.candidates.filter((bits) => bits.activationBits === activationBits);
    });
    const inner = paretoFront(
      options.map((bits, i) => bits.map((b) => choiceOf(layers[i] as LayerSensitivity, b, inputs))),
    );
    for (const { cost: total, loss, choices } of inner.combinations) {
      const bits = layers.map((layer, i): readonly [string, LayerBits] => [
        layer.node,
        options[i]?.[choices[i] as number] as LayerBits,
      ]);
      found.push({ choice: { cost: total, loss }, bits });
    }
    if (layers.every((layer) => inputs.fixed.has(layer.node))) break;
  }
  return { choices: found.map(({ choice }) => choice), assignments: found.map(({ bits }) => bits) };
}

function choiceOf(layer: LayerSensitivity, bits: LayerBits, inputs: AllocationInputs): Choice {
  return { cost: cost(layer, bits, inputs), loss: loss(layer, bits) };
}

function cost(layer: LayerSensitivity, bits: LayerBits, { macs, kind, target }: AllocationInputs): number {
  const facts = { node: layer.node, parameters: layer.parameters, macs: macs.get(layer.node) ?? Number.NaN };
  return layerCost(facts, bits, kind, target);
}

/** @throws {InvalidArgumentError} when the layer was not measured at these bits */
function loss(layer: LayerSensitivity, bits: LayerBits): number {
  if (bits.weightBits === 32) return 0;
  const weight = layer.weightLoss[bits.weightBits];
  if (weight === undefined) {
    throw new InvalidArgumentError({
      operation: '[ptq] mixed precision',
      expected: `layer "${layer.node}" to be measured at ${formatLayerBits(bits)}`,
      received: `weights at ${Object.keys(layer.weightLoss).join(', ')} bits`,
    });
  }
  return weight + (layer.activationLoss[bits.activationBits] ?? 0);
}
