import { activationOf, activationOperator, isNonNegative } from '../rules/activation-operators';
import type { LayerRule } from '../rules/layer-rule';
import type { GraphIndex } from './graph-index';
import type { TensorRef } from './model-graph';

/**
 * Whether a tensor can hold no negative number: then its codes start at real 0 and none is wasted. Follows activations, and
 * layers that keep signs; anything unknown counts as signed.
 */
export function isNonNegativeTensor(ref: TensorRef, index: GraphIndex, rules: ReadonlyMap<string, LayerRule>): boolean {
  const layer = index.layer(ref.layer);
  const rule = rules.get(layer.className);
  if (rule === undefined) return false;
  if (rule.kind === 'activation') return isNonNegative(rule.operator(layer.config));
  const inputs = layer.calls[ref.nodeIndex]?.inputs ?? [];
  const keepsSigns =
    rule.kind === 'move' || rule.kind === 'identity' || (rule.kind === 'quantize' && rule.weights.length === 0);
  if (keepsSigns) return inputs.length > 0 && inputs.every((input) => isNonNegativeTensor(input, index, rules));
  return rule.kind === 'quantize' && isNonNegative(activationOperator(activationOf(layer.config)));
}
