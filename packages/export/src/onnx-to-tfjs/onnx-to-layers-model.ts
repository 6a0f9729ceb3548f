import { UnsupportedOperatorError } from '@bitwright/core';
import {
  constantToInitializer,
  copyModel,
  createValueInfo,
  DataType,
  eliminateDeadCode,
  foldConstants,
  foldPad,
  type GraphIndex,
  type GraphPass,
  graphIndex,
  inferShapes,
  type Model,
  type Node,
  nameNodes,
  opsetVersion,
  removeIdentity,
  removeInitializersFromInputs,
  removeNoOps,
  type ValueInfo,
} from '@bitwright/onnx';
import { requireGraph } from '../onnx-qdq/require-graph';
import { plainLayout, type Shape, sameLayout } from '../tfjs-to-onnx/value';
import { customClasses } from './custom-layers';
import { channelsLastLayout, type KerasValue } from './keras-value';
import { type LayerWriter, layerWriter } from './layer-writer';
import { type LayersModelFile, type LayersModelParts, layersModelJson, layersModelParts } from './layers-model-json';
import { materialized, type NodeCall, type NodeConverter, plain, unsupported } from './node-call';
import { defaultNodes, type NodeRegistry, nodeRegistry } from './rules/registry';

export interface OnnxToLayersOptions {
  /** Input shapes that override the model's, by input name; the first axis is the batch. */
  readonly shapes?: Readonly<Record<string, readonly (number | string)[]>>;
  /**
   * Order of axes of image inputs and outputs (four axes): `channelsLast` as TensorFlow.js has images, `channelsFirst` as the ONNX
   * model has them (with a Permute layer). Default `channelsLast`.
   */
  readonly images?: 'channelsLast' | 'channelsFirst';
  /** Converters of further operators; one for a built-in operator replaces it. */
  readonly converters?: readonly NodeConverter[];
}

export interface OnnxToLayersResult {
  /** What `tf.loadLayersModel` reads: `tf.loadLayersModel({ load: async () => artifacts })`. */
  readonly artifacts: LayersModelFile;
  /** Classes in it that TensorFlow.js does not have; `registerOnnxLayers(tf)` registers them. */
  readonly customLayers: readonly string[];
  /** The outputs, in order. */
  readonly outputs: readonly ConvertedOutput[];
  /** Layer that gives an ONNX tensor's numbers, by tensor name. */
  readonly layers: ReadonlyMap<string, string>;
}

/** An output of the model. */
export interface ConvertedOutput {
  /** Its ONNX name. */
  readonly name: string;
  readonly layer: string;
  /** ONNX axis at each axis of the layer's output: [0, 2, 3, 1] for an image that now has its channels last. */
  readonly axes: readonly number[];
}

/** Simplifications that change no number; BatchNormalization stays, so that it can be trained. */
const preparation: readonly GraphPass[] = [
  removeInitializersFromInputs,
  constantToInitializer,
  removeIdentity,
  foldConstants,
  removeNoOps,
  foldPad,
  eliminateDeadCode,
  nameNodes,
];

/**
 * An ONNX model as a trainable TensorFlow.js layers model: convolutional networks and perceptrons. Images become channels last, kernels
 * move with them; weights, BatchNormalization statistics included, are the layers' own variables.
 *
 * @throws {UnsupportedOperatorError} naming the node that has no layer
 * @throws {ModelFormatError} when the model has no graph
 */
export function onnxToLayersModel(source: Model, options: OnnxToLayersOptions = {}): OnnxToLayersResult {
  const { parts, ...rest } = onnxToLayers(source, options);
  return { artifacts: layersModelJson(parts), ...rest };
}

/** {@link onnxToLayersModel} before the weights are put together: they are transposed one by one, when they are read. */
export function onnxToLayers(
  source: Model,
  options: OnnxToLayersOptions = {},
): Omit<OnnxToLayersResult, 'artifacts'> & { readonly parts: LayersModelParts } {
  const model = prepared(source, options);
  const graph = requireGraph(model, '[export] onnxToLayersModel');
  const index = graphIndex(graph);
  const conversion: Conversion = {
    index,
    writer: layerWriter(),
    opset: opsetVersion(model),
    registry: new Map([...defaultNodes, ...nodeRegistry(options.converters ?? [])]),
    shapes: shapesOf(model, index),
    values: new Map(),
    images: options.images ?? 'channelsLast',
    delivered: new Set(),
  };
  const inputs = index.inputs.map((input) => convertInput(conversion, input));
  for (const node of index.nodes) {
    // Recurrent nodes may leave their first output out.
    const output = node.output.find((name) => name !== '') ?? '';
    if (!conversion.values.has(output)) conversion.values.set(output, convertNode(conversion, node));
  }
  const outputs = index.outputs.map(({ name }) => convertOutput(conversion, name));
  const results = outputs.map(({ layer }) => layer);
  const parts = layersModelParts(graph.name === '' ? 'model' : graph.name, conversion.writer.layers, inputs, results);
  const custom = new Set<string>(Object.values(customClasses));
  const used = [...conversion.writer.layers.values()]
    .map((layer) => layer.className)
    .filter((name) => custom.has(name));
  return {
    parts,
    customLayers: [...new Set(used)].sort(),
    outputs,
    layers: new Map([...conversion.values].map(([name, value]) => [name, value.layer])),
  };
}

interface Conversion {
  readonly index: GraphIndex;
  readonly writer: LayerWriter;
  readonly opset: number;
  readonly registry: NodeRegistry;
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly values: Map<string, KerasValue>;
  readonly images: 'channelsLast' | 'channelsFirst';
  /** Layers that are outputs already. */
  readonly delivered: Set<string>;
}

function prepared(source: Model, { shapes = {} }: OnnxToLayersOptions): Model {
  let model = withInputShapes(source, shapes);
  // Two rounds: shapes that the first makes constant let the second fold more.
  for (let round = 0; round < 2; round++) {
    for (const pass of preparation) model = pass.run(model).model;
  }
  return model;
}

/** The model with other input shapes; the same object when none are given. */
function withInputShapes(source: Model, shapes: NonNullable<OnnxToLayersOptions['shapes']>): Model {
  if (Object.keys(shapes).length === 0) return source;
  const model = copyModel(source);
  const { graph } = model;
  if (graph === undefined) return model;
  graph.input = graph.input.map((input) => {
    const shape = shapes[input.name];
    return shape === undefined ? input : createValueInfo(input.name, DataType.FLOAT, shape);
  });
  return model;
}

/** Sizes of every tensor, as far as they are known; which axis is the batch is not known here. */
function shapesOf(model: Model, index: GraphIndex): Map<string, Shape> {
  const types = inferShapes(model);
  const sized = new Map<string, Shape>();
  for (const [name, type] of types) {
    if (type.dims === undefined || index.initializer(name) !== undefined) continue;
    sized.set(
      name,
      type.dims.map((size) => (typeof size === 'number' ? size : null)),
    );
  }
  return sized;
}

function convertInput({ writer, values, shapes, images }: Conversion, { name, type }: ValueInfo): string {
  const shape = shapes.get(name)?.map((size, axis) => (axis === 0 ? null : size));
  const elementType = type?.value.case === 'tensorType' ? type.value.value.elemType : undefined;
  if (shape === undefined || shape.length === 0 || elementType !== DataType.FLOAT) {
    throw new UnsupportedOperatorError({
      operation: `[export] onnxToLayersModel input "${name}"`,
      expected: 'a float input with a batch axis',
      received: shape === undefined ? 'one of unknown shape' : `element type ${elementType}, shape [${shape}]`,
    });
  }
  const isImage = shape.length === 4 && images === 'channelsLast';
  const layout = isImage ? channelsLastLayout(4) : plainLayout(shape.length);
  writer.setScope(name);
  const batchInputShape = layout.map((axis) => shape[axis] ?? null);
  const layer = writer.add('InputLayer', [], {
    config: { batch_input_shape: batchInputShape, dtype: 'float32', sparse: false },
  });
  values.set(name, { layer, shape, layout });
  return layer;
}

function convertNode(conversion: Conversion, node: Node): KerasValue {
  const converter = node.domain === '' || node.domain === 'ai.onnx' ? conversion.registry.get(node.opType) : undefined;
  if (converter === undefined) {
    throw unsupported(
      { node },
      'an operator with a TensorFlow.js layer',
      `${node.domain === '' ? '' : `${node.domain}.`}${node.opType}`,
      'Pass a converter for it in options.converters.',
    );
  }
  conversion.writer.setScope(node.name);
  return converter.convert(callOf(conversion, node));
}

function callOf({ writer, index, opset, shapes, values }: Conversion, node: Node): NodeCall {
  return {
    node,
    writer,
    index,
    opset,
    inputs: node.input.map((name) => values.get(name)),
    shapeOf(name, batchAxis = 0) {
      const shape = shapes.get(name)?.map((size, axis) => (axis === batchAxis ? null : size));
      if (shape === undefined)
        throw unsupported(
          { node },
          `a known rank of "${name}"`,
          'an unknown one',
          'Give the input shapes of the model.',
        );
      return shape;
    },
    provide: (output, value) => values.set(output, value),
  };
}

/** An output that is an image stands channels last unless asked otherwise; others are as ONNX has them. */
function convertOutput(conversion: Conversion, name: string): ConvertedOutput {
  const value = conversion.values.get(name);
  const node = conversion.index.producer(name);
  if (value === undefined || node === undefined) {
    throw new UnsupportedOperatorError({
      operation: `[export] onnxToLayersModel output "${name}"`,
      expected: 'a computed output',
      received: 'an input or constant',
    });
  }
  conversion.writer.setScope(name);
  const call = callOf(conversion, node);
  const isImage = value.shape.length === 4 && sameLayout(value.layout, channelsLastLayout(4));
  const output = isImage && conversion.images === 'channelsLast' ? materialized(call, value) : plain(call, value);
  // TensorFlow.js wants every output from a layer of its own that is no input.
  const isShared =
    conversion.delivered.has(output.layer) ||
    conversion.index.inputs.some((input) => conversion.values.get(input.name)?.layer === output.layer);
  const layer = isShared
    ? conversion.writer.add('Rescaling', [output.layer], { config: { scale: 1, offset: 0 } })
    : output.layer;
  conversion.delivered.add(layer);
  return { name, layer, axes: output.layout };
}
