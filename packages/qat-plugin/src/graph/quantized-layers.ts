import { ConvBatchNorm } from '../layers/conv-batch-norm';
import { FreezableBatchNorm } from '../layers/freezable-batch-norm';
import type { LayerConfig } from '../layers/inner-layer';
import { QuantizeActivation } from '../layers/quantize-activation';
import { QuantizeWrapper } from '../layers/quantize-wrapper';
import { activationOf, activationOperator } from '../rules/activation-operators';
import type { LayerRule } from '../rules/layer-rule';
import { type GraphIndex, indexGraph, outputsOf } from './graph-index';
import { type GraphLayer, graphOfNested, isModelClass, type ModelGraph, type TensorRef } from './model-graph';

/** A layer with weights whose input is quantized; paths. */
export interface QuantizedLayer {
  readonly layer: string;
  /** The batch normalization that alone reads it; none when it is part of the layer or there is none. */
  readonly batchNorm: string | undefined;
  /** The quantizer its input comes from, perhaps moved since. */
  readonly input: string;
  /** The quantizer its output reaches behind nothing but batch normalization and activations that are the identity or clip. */
  readonly output: string | undefined;
}

/** Every layer of a graph in training whose weights meet quantized inputs. */
export function quantizedLayers(
  graph: ModelGraph,
  rules: ReadonlyMap<string, LayerRule>,
  prefix = '',
): readonly QuantizedLayer[] {
  const index = indexGraph(graph);
  const path = (name: string | undefined): string | undefined => (name === undefined ? undefined : prefix + name);
  return graph.layers.flatMap((layer): readonly QuantizedLayer[] => {
    if (isModelClass(layer.className)) return quantizedLayers(graphOfNested(layer), rules, `${prefix}${layer.name}/`);
    const isQuantized = layer.className === QuantizeWrapper.className || layer.className === ConvBatchNorm.className;
    const [call, ...others] = layer.calls;
    if (!isQuantized || call === undefined || others.length > 0) return [];
    const input = quantizerBefore(call.inputs[0] as TensorRef, index, rules);
    if (input === undefined) return [];
    const { batchNorm, output } = whatFollows(layer, index, rules);
    return [{ layer: prefix + layer.name, batchNorm: path(batchNorm), input: prefix + input, output: path(output) }];
  });
}

// — internals —

function whatFollows(
  layer: GraphLayer,
  index: GraphIndex,
  rules: ReadonlyMap<string, LayerRule>,
): { batchNorm: string | undefined; output: string | undefined } {
  const { config } = layer.config['layer'] as unknown as LayerConfig;
  let result = outputsOf(layer)[0] as TensorRef;
  let batchNorm: string | undefined;
  let output: string | undefined;
  let keepsValues = isClip(activationOperator(activationOf(config)));
  while (keepsValues && output === undefined) {
    const readers = index.consumers(result).map((reader) => index.layer(reader.layer));
    output = readers.find(({ className }) => className === QuantizeActivation.className)?.name;
    const [reader] = readers;
    if (reader === undefined || readers.length > 1 || reader.calls.length !== 1) break;
    const isBatchNorm = reader.className === FreezableBatchNorm.className && result.layer === layer.name;
    if (isBatchNorm) batchNorm = reader.name;
    keepsValues = isBatchNorm || onlyClips(reader, rules);
    result = outputsOf(reader)[0] as TensorRef;
  }
  return { batchNorm, output };
}

/** The quantizer whose codes a tensor still holds: behind layers that only move values. */
function quantizerBefore(ref: TensorRef, index: GraphIndex, rules: ReadonlyMap<string, LayerRule>): string | undefined {
  const layer = index.layer(ref.layer);
  if (layer.className === QuantizeActivation.className) return layer.name;
  const input = layer.calls[ref.nodeIndex]?.inputs[0];
  const kind = rules.get(layer.className)?.kind;
  const keepsValues = (kind === 'move' || kind === 'identity') && layer.config['interpolation'] !== 'bilinear';
  return keepsValues && input !== undefined ? quantizerBefore(input, index, rules) : undefined;
}

function onlyClips({ className, config }: GraphLayer, rules: ReadonlyMap<string, LayerRule>): boolean {
  const rule = rules.get(className);
  return rule?.kind === 'identity' || (rule?.kind === 'activation' && isClip(rule.operator(config)));
}

/** Whether an activation keeps the values it does not clip. */
function isClip(operator: string): boolean {
  return operator === 'Identity' || operator === 'Relu' || operator === 'Clip';
}
