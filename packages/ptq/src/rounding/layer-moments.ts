import { ShapeMismatchError } from '@bitwright/core';
import type { FeedTensor } from '../feeds';
import { gatherInputs, gatherTargets, subtractFrom, takeGroup } from './layer-samples';
import { type LayerStatistics, layerStatistics } from './layer-statistics';
import type { LayerGoal, TargetBatch } from './layer-targets';
import type { MomentProducts } from './moment-products';
import type { PrefixRunner } from './prefix-runner';

/**
 * Streams the second moments of one layer, per group of its channels: inputs from the given prefix, targets as collected from the
 * float model, less the other operand where the sum is to be reconstructed.
 */
export async function collectMoments(
  goal: LayerGoal,
  targets: readonly TargetBatch[],
  prefix: PrefixRunner,
  moments: MomentProducts,
): Promise<readonly LayerStatistics[]> {
  const { layer, other } = goal;
  const { groups, rows, columns } = layer.layout;
  const statistics = Array.from({ length: groups }, () => layerStatistics(rows, columns, moments));
  const node = prefix.index.nodes.find((candidate) => candidate.name === layer.node.name) ?? layer.node;
  const input = node.input[0] ?? '';
  let batch = 0;
  for await (const values of prefix.pass(other === undefined ? [input] : [input, other])) {
    const target = targets[batch++];
    const x = values[input];
    if (target === undefined || x === undefined) continue;
    const { positions, dims } = target;
    const wanted = other === undefined ? target.values : lessOther(goal, target, values[other]);
    for (const [group, sums] of statistics.entries()) {
      await sums.add(gatherInputs(layer, group, x, dims, positions), takeGroup(wanted, layer.layout, group));
    }
  }
  return statistics;
}

function lessOther({ layer }: LayerGoal, target: TargetBatch, other: FeedTensor | undefined): Float32Array {
  if (other === undefined) return target.values;
  if (other.dims.join() !== target.dims.join()) {
    throw new ShapeMismatchError({
      operation: `[ptq] roundWeights "${layer.node.name}"`,
      expected: `operands of shape [${target.dims.join(',')}] in the addition behind it`,
      received: `[${other.dims.join(',')}]`,
    });
  }
  return subtractFrom(target.values, gatherTargets(layer, other, target.positions));
}
