import type { LayerRule } from '../rules/layer-rule';
import { type GraphIndex, outputsOf } from './graph-index';
import { isModelClass, type ModelGraph } from './model-graph';

/** Which layers have layers with weights before and after them. */
export interface WeightedOrder {
  hasWeightsBefore(name: string): boolean;
  hasWeightsAfter(name: string): boolean;
}

/** Finds the first and the last layers with weights: those without any before, or behind them. */
export function weightedOrder(
  graph: ModelGraph,
  index: GraphIndex,
  rules: ReadonlyMap<string, LayerRule>,
): WeightedOrder {
  const isWeighted = (name: string): boolean => {
    const { className } = index.layer(name);
    const rule = rules.get(className);
    return isModelClass(className) || (rule?.kind === 'quantize' && rule.weights.length > 0);
  };
  const before = (name: string): readonly string[] =>
    index.layer(name).calls.flatMap(({ inputs }) => inputs.map(({ layer }) => layer));
  const after = (name: string): readonly string[] =>
    outputsOf(index.layer(name)).flatMap((ref) => index.consumers(ref).map(({ layer }) => layer));
  const reach = (next: (name: string) => readonly string[]): ReadonlySet<string> => {
    const found = new Map<string, boolean>();
    const visit = (name: string): boolean => {
      const known = found.get(name);
      if (known !== undefined) return known;
      found.set(name, false);
      const result = next(name).some((other) => isWeighted(other) || visit(other));
      found.set(name, result);
      return result;
    };
    return new Set(graph.layers.map(({ name }) => name).filter(visit));
  };
  const withBefore = reach(before);
  const withAfter = reach(after);
  return { hasWeightsBefore: (name) => withBefore.has(name), hasWeightsAfter: (name) => withAfter.has(name) };
}
