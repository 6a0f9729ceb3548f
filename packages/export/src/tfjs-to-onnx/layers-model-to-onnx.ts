import { InvalidArgumentError, ModelFormatError, UnsupportedOperatorError } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { findWeight } from './find-weight';
import { finishModel, type GraphInput } from './finish-model';
import { type GraphWriter, graphWriter } from './graph-writer';
import type { LayerCall, LayerConverter } from './layer-call';
import { defaultLayers, type LayerRegistry, layerRegistry } from './layers/registry';
import { type LayersModelContent, type LayersModelSource, readLayersModel } from './layers-model';
import { type LayerGraph, type LayerNode, modelClasses, readTopology, type TensorRef } from './topology';
import { channelsFirstLayout, physicalShape, plainLayout, type Value, type ValueType } from './value';

export interface LayersModelOptions {
  /** Version of the ai.onnx operator set, 13 to 25. Default 17. */
  readonly opset?: number;
  /**
   * Order of axes of image inputs and outputs: `channelsLast` as the TensorFlow.js model has it (one Transpose at the border),
   * `channelsFirst` as most ONNX models do (none). Default `channelsLast`.
   */
  readonly images?: 'channelsLast' | 'channelsFirst';
  /** Converters of further layers; one for a built-in class replaces it. */
  readonly converters?: readonly LayerConverter[];
  /** Name of the open batch axis. Default `N`. */
  readonly batchName?: string;
}

/** Where the tensors of a TensorFlow.js model went. */
export interface LayersModelResult {
  readonly model: Model;
  /** ONNX tensor that holds the output of a layer's call (an input layer's is the model's input), by `layer` (first call) or `layer:1` (second), models as `outer/layer`. */
  readonly outputs: ReadonlyMap<string, string>;
  /** ONNX initializers made from a weight, by the name TensorFlow.js saves it under (`conv1/kernel`). */
  readonly weights: ReadonlyMap<string, readonly string[]>;
}

const minOpset = 13;
const maxOpset = 25;

/**
 * A TensorFlow.js layers model as ONNX: same inputs, outputs and numbers, dynamic batch. Channels move behind the batch once at
 * each image input and output; in between no transposition is written unless a layer needs one, and weights are stored transposed.
 *
 * Tensors carry the names of the layers they come out of, initializers those of the weights.
 *
 * @throws {UnsupportedOperatorError} naming the layer that has no ONNX form
 * @throws {ModelFormatError} when topology and weights do not fit together
 * @throws {InvalidArgumentError} for an operator set outside 13 … 25
 */
export function layersModelToOnnx(source: LayersModelSource, options: LayersModelOptions = {}): LayersModelResult {
  return convertLayersModel(readLayersModel(source), options);
}

/** The same from a model that was read already. */
export function convertLayersModel(content: LayersModelContent, options: LayersModelOptions): LayersModelResult {
  const { opset = 17, images = 'channelsLast', batchName = 'N' } = options;
  assertOpset('[export] layersModelToOnnx', opset);
  const graph = readTopology(String(content.topology['class_name']), content.topology['config']);
  const registry = new Map([...defaultLayers, ...layerRegistry(options.converters ?? [])]);
  const conversion: Conversion = { content, registry, writer: graphWriter(opset), images, outputs: new Map() };
  const inputs = graph.inputs.map((ref) => graphInput(conversion, graph, ref));
  const outputs = convertGraph(
    conversion,
    graph,
    inputs.map(({ value }) => value),
    '',
  );
  const names = graph.outputs.map((ref) => ref.layer);
  return finishModel(conversion, { name: graph.name, outputs: names, batchName }, inputs, outputs);
}

interface Conversion {
  readonly content: LayersModelContent;
  readonly registry: LayerRegistry;
  readonly writer: GraphWriter;
  readonly images: 'channelsLast' | 'channelsFirst';
  /** Values the layers gave, by call. */
  readonly outputs: Map<string, Value>;
}

const inputTypes: Readonly<Record<string, ValueType>> = { float32: 'float32', int32: 'int32', bool: 'bool' };

function graphInput({ writer, images }: Conversion, graph: LayerGraph, ref: TensorRef): GraphInput {
  const layer = graph.layers.get(ref.layer);
  const shape = layer?.config['batch_input_shape'] ?? layer?.config['batch_shape'];
  if (!Array.isArray(shape)) {
    throw new ModelFormatError({
      operation: '[export] layersModelToOnnx',
      expected: `batch_input_shape of input layer "${ref.layer}"`,
      received: JSON.stringify(shape) ?? 'none',
      hint: 'Give the first layer an inputShape.',
    });
  }
  const type = inputTypes[String(layer?.config['dtype'] ?? 'float32')];
  if (type === undefined) {
    throw new UnsupportedOperatorError({
      operation: `[export] input layer "${ref.layer}"`,
      expected: 'float32, int32 or bool',
      received: String(layer?.config['dtype']),
    });
  }
  const sizes = shape.map((size) => (typeof size === 'number' ? size : null));
  const layout =
    images === 'channelsFirst' && sizes.length >= 4
      ? channelsFirstLayout(sizes.length, sizes.length - 1)
      : plainLayout(sizes.length);
  const value = writer.value(writer.uniqueName(ref.layer), sizes, { type, layout });
  return { value, shape: physicalShape(value) };
}

/** Converts the layers of one graph, starting from its outputs; layers that feed no output are left out. */
function convertGraph(
  conversion: Conversion,
  graph: LayerGraph,
  inputs: readonly Value[],
  scope: string,
): readonly Value[] {
  const done = new Map<string, readonly Value[]>();
  graph.inputs.forEach((ref, i) => {
    const input = inputs[i];
    if (input === undefined) return;
    done.set(`${ref.layer}:${ref.call}`, [input]);
    conversion.outputs.set(`${scope}${ref.layer}`, input);
  });
  const active = new Set<string>();
  const resolve = (ref: TensorRef): Value => {
    const key = `${ref.layer}:${ref.call}`;
    const values = done.get(key) ?? convertOnce(ref, key);
    const value = values[ref.output];
    if (value === undefined)
      throw missing(`output ${ref.output} of layer "${scope}${ref.layer}"`, `${values.length} outputs`);
    return value;
  };
  const convertOnce = (ref: TensorRef, key: string): readonly Value[] => {
    const layer = graph.layers.get(ref.layer);
    const refs = layer?.calls[ref.call];
    if (layer === undefined || refs === undefined)
      throw missing(`call ${ref.call} of layer "${scope}${ref.layer}"`, 'none');
    if (active.has(key)) throw missing('layers without a cycle', `layer "${scope}${ref.layer}" feeding itself`);
    active.add(key);
    const values = convertLayer(conversion, layer, refs.map(resolve), scope);
    active.delete(key);
    done.set(key, values);
    const [first] = values;
    if (first !== undefined)
      conversion.outputs.set(`${scope}${layer.name}${ref.call === 0 ? '' : `:${ref.call}`}`, first);
    return values;
  };
  return graph.outputs.map(resolve);
}

function convertLayer(
  conversion: Conversion,
  layer: LayerNode,
  inputs: readonly Value[],
  scope: string,
): readonly Value[] {
  const name = `${scope}${layer.name}`;
  if (modelClasses.includes(layer.className)) {
    return convertGraph(conversion, readTopology(layer.className, layer.config), inputs, `${name}/`);
  }
  const isMasked = inputs.some((input) => input.isMasked === true);
  const call = layerCall(conversion, name, layer.className, layer.config, inputs, [layer.name]);
  const outputs = convertCall(conversion, call);
  return isMasked ? outputs.map((output) => ({ ...output, isMasked: true })) : outputs;
}

function layerCall(
  conversion: Conversion,
  name: string,
  className: string,
  config: LayerCall['config'],
  inputs: readonly Value[],
  segments: readonly string[],
): LayerCall {
  const { weights } = conversion.content;
  const path = [...name.split('/').slice(0, -1), ...segments];
  return {
    name,
    className,
    config,
    inputs,
    writer: conversion.writer,
    findWeight: (weight) => findWeight(weights, path, weight) ?? findWeight(weights, segments, weight),
    inner: (innerClass, innerConfig, innerInputs, segment) =>
      layerCall(
        conversion,
        name,
        innerClass,
        innerConfig,
        innerInputs,
        segment === undefined ? segments : [...segments, segment],
      ),
    convert: (call) => convertCall(conversion, call),
  };
}

function convertCall({ registry, writer }: Conversion, call: LayerCall): readonly Value[] {
  const converter = registry.get(call.className);
  if (converter === undefined) {
    throw new UnsupportedOperatorError({
      operation: `[export] layer "${call.name}"`,
      expected: 'a layer with an ONNX form',
      received: `class "${call.className}"`,
      hint: 'Pass a converter for it in options.converters.',
    });
  }
  writer.setScope(call.name);
  return converter.convert(call);
}

/**
 * @throws {InvalidArgumentError} for an operator set that is not written
 */
export function assertOpset(operation: string, opset: number): void {
  if (Number.isInteger(opset) && opset >= minOpset && opset <= maxOpset) return;
  throw new InvalidArgumentError({
    operation,
    expected: `an operator set from ${minOpset} to ${maxOpset}`,
    received: String(opset),
  });
}

function missing(expected: string, received: string): ModelFormatError {
  return new ModelFormatError({ operation: '[export] layersModelToOnnx', expected, received });
}
