import { type OperatorSupport, UnsupportedOperatorError } from '@bitwright/core';
import type { WeightPlan } from '../layers/quantize-wrapper';
import type { Quantizer } from '../quantizers/quantizer';
import { planSlot } from '../quantizers/slot-plan';
import { withBits } from '../quantizers/with-bits';
import type { LayerRule } from '../rules/layer-rule';
import { matches } from '../select-layers';
import { followingBatchNorm } from './following-batch-norm';
import { type GraphLayer, isModelClass } from './model-graph';
import type { PlannedLayer, Planner } from './plan';
import { weightCodes } from './quantizer-codes';

/**
 * Decides what becomes of one layer, and of its weights.
 *
 * @throws {UnsupportedOperatorError} for a layer that stays float, with `onUnsupported: 'throw'`
 */
export function planLayer(layer: GraphLayer, planner: Planner): PlannedLayer {
  const { options, around } = planner;
  const { className, name } = layer;
  const base = { path: around.prefix + name, className, weights: [] };
  const stayFloat = (reason: string, operator?: string): PlannedLayer => {
    if (options.onUnsupported === 'throw') {
      throw new UnsupportedOperatorError({
        operation: `[qat-plugin] prepareQat, layer "${base.path}" (${className})`,
        expected: `a layer that ${options.target.id} runs on integers`,
        received: reason,
        hint: 'Leave onUnsupported at "report", or name the layer in skip.',
      });
    }
    return { ...base, kind: 'float', reason, ...(operator === undefined ? {} : { operator }) };
  };
  if (className === 'InputLayer') return { ...base, kind: 'input' };
  if (isModelClass(className)) return { ...base, kind: 'model' };
  const rule = options.rules.get(className);
  if (isSkipped(layer, planner)) return { ...base, kind: 'float', reason: 'named in skip', ...operatorOf(rule, layer) };
  if (rule === undefined) return stayFloat(`no rule for the layer class ${className}; add one with withRule()`);
  if (rule.kind === 'float') return stayFloat(rule.reason);
  if (rule.kind === 'batchNorm') return { ...base, kind: 'batchNorm', operator: 'BatchNormalization' };
  if (rule.kind === 'identity') return { ...base, kind: 'passThrough', operator: 'Identity' };
  const operator = rule.kind === 'activation' ? rule.operator(layer.config) : rule.operator;
  const support = supportOf(operator, planner);
  if (rule.kind === 'quantize' && rule.weights.length > 0) {
    if (rule.quantizesInput && support.kind === 'float') return stayFloat(support.reason, operator);
    return planWeights(layer, rule, planner);
  }
  if (support.kind === 'float') return { ...base, kind: 'float', reason: support.reason, operator };
  return { ...base, kind: support.kind, operator };
}

// — internals —

function planWeights(layer: GraphLayer, rule: LayerRule & { kind: 'quantize' }, planner: Planner): PlannedLayer {
  const { options, around } = planner;
  const path = around.prefix + layer.name;
  const quantizer = weightQuantizer(layer.name, path, planner);
  const fold = foldOf(layer, planner);
  const result = { path, className: layer.className, kind: 'integer' as const, operator: rule.operator };
  if (quantizer === null) return { ...result, weights: [] };
  const weights = rule.weights.map(({ variable, channelAxes }): WeightPlan => {
    const tensor = `${path}/${variable}`;
    const hasChannels = options.target.schemes.weight.granularity.kind === 'perAxis';
    const place = { tensor, role: 'weight' as const, channelAxes: hasChannels ? channelAxes : [] };
    return { variable, slot: planSlot(quantizer, { ...place, ...weightCodes(quantizer, options.target, tensor) }) };
  });
  const canFold = fold !== undefined && weights.length === 1 && quantizer.bits > 1;
  return { ...result, weights, ...(canFold ? { fold } : {}) };
}

function weightQuantizer(name: string, path: string, planner: Planner): Quantizer | null {
  const { options } = planner;
  const override = options.layers
    .filter(([glob, choice]) => choice.weights !== undefined && matches(glob, path))
    .at(-1);
  if (override !== undefined) return override[1].weights ?? null;
  const bits = options.firstAndLastBits;
  if (options.weights === null || bits === undefined) return options.weights;
  return planner.isFirst(name) || planner.isLast(name) ? withBits(options.weights, bits) : options.weights;
}

/** The batch normalization that is the only reader of a layer, when the options fold it. */
function foldOf(layer: GraphLayer, { index, options }: Planner): PlannedLayer['fold'] {
  const { batchNorm } = options;
  if (batchNorm === 'keep' || batchNorm === 'merge') return undefined;
  const follower = followingBatchNorm(layer, index, options.rules);
  return follower === undefined ? undefined : { batchNorm: follower, strategy: batchNorm };
}

function isSkipped(layer: GraphLayer, planner: Planner): boolean {
  const path = planner.around.prefix + layer.name;
  const rule = planner.options.rules.get(layer.className);
  const isWeighted = rule?.kind === 'quantize' && rule.weights.length > 0;
  return planner.options.skip.some((entry) => {
    if (entry === 'first') return isWeighted && planner.isFirst(layer.name);
    if (entry === 'last') return isWeighted && planner.isLast(layer.name);
    return matches(entry, path);
  });
}

function supportOf(operator: string, { options }: Planner): OperatorSupport {
  const support = options.target.operators[operator];
  return support ?? { kind: 'float', reason: `${options.target.id} has no integer ${operator}` };
}

function operatorOf(rule: LayerRule | undefined, layer: GraphLayer): { operator?: string } {
  if (rule?.kind === 'activation') return { operator: rule.operator(layer.config) };
  return rule?.kind === 'quantize' || rule?.kind === 'move' ? { operator: rule.operator } : {};
}
