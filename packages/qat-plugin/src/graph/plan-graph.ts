import type { ResolvedOptions } from '../options';
import { indexGraph } from './graph-index';
import { graphOfNested, isModelClass, type ModelGraph } from './model-graph';
import type { GraphPlan, Planner, Surroundings } from './plan';
import { planLayer } from './plan-layer';
import { planTensors } from './plan-tensors';
import { weightedOrder } from './weighted-order';

const wholeModel: Surroundings = { prefix: '', isFirst: true, isLast: true };

/**
 * Decides for every layer and tensor of a graph what is quantized, for the target's operators and placement.
 *
 * Weights go to their layers; activations get a quantizer where a tensor is computed (`inputsAndOutputs`: behind an integer
 * layer and the activation absorbed into it, and on inputs) or where integer layers read it (`inputs`).
 *
 * @throws {UnsupportedSchemeError} when the target cannot run a quantizer
 * @throws {UnsupportedOperatorError} for a layer that stays float, with `onUnsupported: 'throw'`
 */
export function planGraph(graph: ModelGraph, options: ResolvedOptions, around: Surroundings = wholeModel): GraphPlan {
  const index = indexGraph(graph);
  const order = weightedOrder(graph, index, options.rules);
  const isFirst = (name: string): boolean => around.isFirst && !order.hasWeightsBefore(name);
  const isLast = (name: string): boolean => around.isLast && !order.hasWeightsAfter(name);
  const planner: Planner = { graph, index, options, around, isFirst, isLast };
  const layers = new Map(graph.layers.map((layer) => [layer.name, planLayer(layer, planner)]));
  const nested = new Map(
    graph.layers
      .filter(({ className }) => isModelClass(className))
      .map((layer) => {
        const inner: Surroundings = {
          prefix: `${around.prefix}${layer.name}/`,
          isFirst: isFirst(layer.name),
          isLast: isLast(layer.name),
        };
        return [layer.name, planGraph(graphOfNested(layer), options, inner)];
      }),
  );
  return { layers, tensors: planTensors(layers, planner), nested };
}
