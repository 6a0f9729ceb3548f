import {
  type AnyQuantizationSpec,
  dequantize,
  ExportError,
  findTarget,
  type NodeDecision,
  type QuantizationSpec,
  type QuantScheme,
  quantize,
  type Target,
  type TensorQuantization,
} from '@bitwright/core';
import {
  DataType,
  editGraph,
  foldPad,
  graphIndex,
  type Model,
  nameNodes,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { smallestOpset } from '../onnx-qdq/element-type';
import { requireGraph } from '../onnx-qdq/require-graph';
import { writeQdq } from '../onnx-qdq/write-qdq';
import {
  type LayersModelContent,
  type LayersModelSource,
  type LayerWeight,
  readLayersModel,
} from '../tfjs-to-onnx/layers-model';
import { convertLayersModel, type LayersModelOptions } from '../tfjs-to-onnx/layers-model-to-onnx';
import { addBiases } from './add-biases';
import { insertSigns } from './insert-signs';
import { isMover, spreadOverMovers } from './movers';
import { type StoredQuantization, spreadCodes, storedQuantization, trainedValues } from './stored-scheme';
import { storedGranularity } from './weight-axis';

export interface TrainedModelOptions extends Omit<LayersModelOptions, 'opset'> {
  /** Default: 17, or the first that has the types. */
  readonly opset?: number;
  /** Where quantizers go. Default: the target the spec names. */
  readonly target?: Target;
  /** `float` keeps biases as trained; `int32` rounds them to scale(x) · scale(w), for runtimes without float biases. Default `float`. */
  readonly bias?: 'float' | 'int32';
  /**
   * Codes of fewer than 8 bits in int8 (every runtime; weight codes spread to ±64 with a smaller scale, see `spreadCodes`) or packed in
   * 2- and 4-bit types (operator set 21, 25). Default `int8`.
   */
  readonly storage?: 'int8' | 'packed';
}

export interface TrainedModelResult {
  /** The network with QuantizeLinear/DequantizeLinear where training had its fake-quantizers. */
  readonly model: Model;
  /** The same decision as a spec by ONNX tensor and node names. */
  readonly spec: QuantizationSpec;
  /** The float network that spec belongs to; weights of binary and ternary layers hold their levels. */
  readonly floatModel: Model;
}

/**
 * A network that was trained with fake quantization as an ONNX QDQ model that computes what training computed: each quantizer where
 * it was, with its trained step (learned, power of two, or the scale of ±1 weights).
 *
 * The spec speaks of the TensorFlow.js model: activations by layer (the layer's output after its activation function; an input layer
 * stands for the model's input; `outer/layer` in nested models, `layer:1` for the second call of a shared one), weights by the name
 * they are saved under (`conv1/kernel`), nodes by layer. What it does not list stays float. Where the target quantizes outputs too,
 * every reader of an activation reads the quantized one; where it quantizes inputs, only layers that are not `float` do.
 *
 * Operators that only move numbers (Transpose, Flatten, MaxPool …) carry the codes of their input on, so that integer kernels meet.
 *
 * @param source - the converted model: float weights, no fake-quantization layers, BatchNormalization as inference sees it
 * @throws {ExportError} when a named layer or weight does not exist or a format has no ONNX form
 * @throws {UnsupportedOperatorError} naming a layer that has no ONNX form
 */
export function trainedModelToQdq(
  source: LayersModelSource,
  trained: AnyQuantizationSpec,
  options: TrainedModelOptions = {},
): TrainedModelResult {
  const { target = findTarget(trained.target), bias = 'float', storage = 'int8', opset: requested, ...rest } = options;
  const stored = new Map(
    Object.entries(trained.tensors).map(([name, tensor]): [string, StoredQuantization] => [
      name,
      storedQuantization(name, tensor, storage === 'packed'),
    ]),
  );
  const needed = Math.max(17, ...[...stored.values()].map(({ scheme }) => smallestOpset(scheme)));
  const content = withWeightLevels(readLayersModel(source), trained);
  const converted = convertLayersModel(content, { ...rest, opset: requested ?? needed });
  const named = nameNodes.run(foldPad.run(converted.model).model).model;
  const { model: signed, outputs } = insertSigns(named, trained, converted.outputs);
  const placed = placeTensors(trained, stored, outputs, converted.weights, signed);
  const { model: floatModel, tensors } =
    storage === 'packed' ? { model: signed, tensors: placed } : spreadWeights(signed, placed);
  spreadOverMovers(floatModel, tensors);
  if (bias === 'int32') addBiases(floatModel, tensors);
  const spec: QuantizationSpec = Object.freeze({
    ...trained,
    target: target.id,
    tensors: Object.freeze(tensors),
    nodes: Object.freeze(nodeDecisions(trained, floatModel, target)),
  });
  return { model: writeQdq(floatModel, spec, target), spec, floatModel };
}

/**
 * Weights of non-linear formats replaced by the values they stand for (±scale for binary ones), so that rounding to integer codes
 * finds exactly those.
 */
function withWeightLevels(content: LayersModelContent, { tensors }: AnyQuantizationSpec): LayersModelContent {
  const replaced = Object.entries(tensors).flatMap(([name, trained]): [string, LayerWeight][] => {
    const weight = content.weights.get(name);
    if (weight === undefined || trained.scheme.kind === 'linear') return [];
    return [[name, { ...weight, data: trainedValues(weight.data, weight.shape, trained) }]];
  });
  return { ...content, weights: new Map([...content.weights, ...replaced]) };
}

/** The quantization of ONNX tensors, from that of layers and weights. */
function placeTensors(
  trained: AnyQuantizationSpec,
  stored: ReadonlyMap<string, StoredQuantization>,
  outputs: ReadonlyMap<string, string>,
  weights: ReadonlyMap<string, readonly string[]>,
  model: Model,
): Record<string, TensorQuantization> {
  const index = graphIndex(requireGraph(model, '[export] trainedModelToQdq'));
  const tensors: Record<string, TensorQuantization> = {};
  for (const [name, { scheme, qparams }] of stored) {
    const tensor = trained.tensors[name] as TensorQuantization<QuantScheme>;
    const { role, origin } = tensor;
    if (role === 'bias') continue;
    if (role === 'activation') {
      const place = outputs.get(name);
      if (place === undefined) throw missing(`a layer "${name}" that feeds an output`, [...outputs.keys()]);
      refuseSecondQuantizer(name, place, tensors[place], { scheme, qparams });
      tensors[place] = { role, scheme, qparams, origin };
      continue;
    }
    const places = weights.get(name);
    if (places === undefined) throw missing(`a weight "${name}"`, [...weights.keys()]);
    for (const place of places) {
      const granularity = storedGranularity(place, scheme.granularity, qparams.scale.length, index);
      tensors[place] = { role, scheme: Object.freeze({ ...scheme, granularity }), qparams, origin };
    }
  }
  return tensors;
}

/** Narrow weights with their codes spread over 8 bits; the float model then holds exactly the trained values. */
function spreadWeights(
  model: Model,
  placed: Readonly<Record<string, TensorQuantization>>,
): { model: Model; tensors: Record<string, TensorQuantization> } {
  const edit = editGraph(model);
  const tensors = { ...placed };
  for (const [name, tensor] of Object.entries(placed)) {
    const initializer = edit.initializer(name);
    if (tensor.role !== 'weight' || initializer === undefined) continue;
    const shape = initializer.dims.map(Number);
    const codes = quantize({ data: tensorToFloat32(initializer), shape }, tensor.scheme, tensor.qparams);
    const values = dequantize(codes, shape, tensor.scheme, tensor.qparams);
    let largest = 0;
    for (const code of codes) largest = Math.max(largest, Math.abs(code));
    edit.replaceInitializer(name, tensorFromArray(name, DataType.FLOAT, shape, values));
    tensors[name] = { ...tensor, ...spreadCodes(tensor, largest) };
  }
  return { model: edit.finish(), tensors };
}

/**
 * ONNX nodes are named `layer/Operator`, so each follows its layer's decision; nodes of layers without one run on integers. Where the
 * target quantizes inputs, operators that only move numbers hand float numbers on, and each of their readers decides.
 */
function nodeDecisions(trained: AnyQuantizationSpec, model: Model, target: Target): Record<string, NodeDecision> {
  const isInputsOnly = target.placement.quantize === 'inputs';
  const decided = requireGraph(model, '[export] trainedModelToQdq').node.map((node): [string, NodeDecision] => {
    const layer = node.name.slice(0, node.name.lastIndexOf('/'));
    const decision = Object.hasOwn(trained.nodes, layer) ? trained.nodes[layer] : undefined;
    const operator = node.opType;
    if (isInputsOnly && isMover(node)) return [node.name, { kind: 'float', operator, reason: 'it only moves numbers' }];
    if (isInputsOnly && decision?.kind === 'float') return [node.name, { ...decision, operator }];
    return [node.name, { kind: 'integer', operator }];
  });
  return Object.fromEntries(decided);
}

function refuseSecondQuantizer(
  layer: string,
  tensor: string,
  other: StoredQuantization | undefined,
  stored: StoredQuantization,
): void {
  const key = ({ scheme, qparams }: StoredQuantization): string =>
    JSON.stringify([scheme, [...qparams.scale], [...qparams.zeroPoint]]);
  if (other === undefined || key(other) === key(stored)) return;
  throw new ExportError({
    operation: `[export] trainedModelToQdq "${layer}"`,
    expected: `one quantizer on tensor "${tensor}"`,
    received: 'two with different steps',
    hint: 'The layer only passes its input on (dropout, flatten …); leave its quantizer out.',
  });
}

function missing(expected: string, known: readonly string[]): ExportError {
  const shown = known.slice(0, 12).join(', ');
  return new ExportError({
    operation: '[export] trainedModelToQdq',
    expected,
    received: `a model with ${shown}${known.length > 12 ? ', …' : ''}`,
  });
}
