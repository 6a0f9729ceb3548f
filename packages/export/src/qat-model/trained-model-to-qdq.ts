import {
  ExportError,
  type NodeDecision,
  ortX64,
  type QuantizationSpec,
  type Target,
  type TensorQuantization,
} from '@bitwright/core';
import { foldPad, type Model, nameNodes } from '@bitwright/onnx';
import { smallestOpset } from '../onnx-qdq/element-type';
import { requireGraph } from '../onnx-qdq/require-graph';
import { writeQdq } from '../onnx-qdq/write-qdq';
import {
  type LayersModelContent,
  type LayersModelSource,
  type LayerWeight,
  readLayersModel,
} from '../tfjs-to-onnx/layers-model';
import {
  convertLayersModel,
  type LayersModelOptions,
  type LayersModelResult,
} from '../tfjs-to-onnx/layers-model-to-onnx';
import { addBiases } from './add-biases';
import { insertSigns } from './insert-signs';
import { placeGranularity } from './place-axes';
import { spreadOverPassThrough } from './spread-over-pass-through';
import { type StoredQuantization, storedQuantization, trainedValues } from './stored-scheme';
import type { TrainedQuantization } from './trained-quantization';

export interface TrainedModelOptions extends Omit<LayersModelOptions, 'opset'> {
  /** Default: 17, or the first that has the types. */
  readonly opset?: number;
  /** The profile the spec names. Default ort-x64. */
  readonly target?: Target;
  /** `float` keeps biases as trained; `int32` rounds them to scale(x) · scale(w), for runtimes without float biases. Default `float`. */
  readonly bias?: 'float' | 'int32';
  /** Codes of fewer than 8 bits in int8 (every runtime) or packed in 2- and 4-bit types (operator set 21, 25). Default `int8`. */
  readonly storage?: 'int8' | 'packed';
}

export interface TrainedModelResult {
  /** The network with QuantizeLinear/DequantizeLinear where training had its fake-quantizers. */
  readonly model: Model;
  /** The same decision as a spec, by ONNX tensor names. */
  readonly spec: QuantizationSpec;
  /** The float network the spec's names refer to; weights of binary and ternary layers hold their levels. */
  readonly floatModel: Model;
}

/**
 * A network that was trained with fake quantization as an ONNX QDQ model that computes what training computed: each quantizer where
 * it was, with its trained step (learned, power of two, or the scale of ±1 weights).
 *
 * Operators that only move numbers (Transpose, Flatten, MaxPool …) carry the codes of their input on, so that integer kernels meet.
 *
 * @param source - the converted model: float weights, no fake-quantization layers, BatchNormalization as inference sees it
 * @throws {ExportError} when a named layer or weight does not exist or a format has no ONNX form
 * @throws {UnsupportedOperatorError} naming a layer that has no ONNX form
 */
export function trainedModelToQdq(
  source: LayersModelSource,
  trained: TrainedQuantization,
  options: TrainedModelOptions = {},
): TrainedModelResult {
  const { target = ortX64, bias = 'float', storage = 'int8', opset: requested, ...rest } = options;
  const isPacked = storage === 'packed';
  const content = withWeightLevels(readLayersModel(source), trained);
  const needed = neededOpset(trained, isPacked);
  const opset = requested ?? Math.max(17, needed);
  const converted = convertLayersModel(content, { ...rest, opset });
  const named = nameNodes.run(foldPad.run(converted.model).model).model;
  const { model: floatModel, outputs } = insertSigns(named, trained, converted.outputs);
  const tensors: Record<string, TensorQuantization> = {
    ...activationTensors(trained, outputs, isPacked),
    ...weightTensors(trained, converted, content, isPacked),
  };
  spreadOverPassThrough(floatModel, tensors);
  if (bias === 'int32') addBiases(floatModel, tensors);
  const decided = requireGraph(floatModel, '[export] trainedModelToQdq').node.map((node): [string, NodeDecision] => [
    node.name,
    { kind: 'integer', operator: node.opType },
  ]);
  const spec: QuantizationSpec = Object.freeze({
    version: 1,
    target: target.id,
    tensors: Object.freeze(tensors),
    nodes: Object.freeze(Object.fromEntries(decided)),
    provenance: Object.freeze({ tool: Object.freeze({ name: '@bitwright/export', version: '0' }) }),
  });
  return { model: writeQdq(floatModel, spec, target), spec, floatModel };
}

/**
 * Weights of non-linear formats replaced by the values they stand for (±scale for binary ones), so that rounding to integer codes
 * finds exactly those.
 */
function withWeightLevels(content: LayersModelContent, { weights }: TrainedQuantization): LayersModelContent {
  const replaced = Object.entries(weights).flatMap(([name, trained]): [string, LayerWeight][] => {
    const weight = content.weights.get(name);
    if (weight === undefined || trained.scheme.kind === 'linear') return [];
    return [[name, { ...weight, data: trainedValues(weight.data, weight.shape, trained) }]];
  });
  return { ...content, weights: new Map([...content.weights, ...replaced]) };
}

function neededOpset({ activations, weights }: TrainedQuantization, isPacked: boolean): number {
  const all = [...Object.entries(activations), ...Object.entries(weights)];
  return Math.max(0, ...all.map(([name, tensor]) => smallestOpset(storedQuantization(name, tensor, isPacked).scheme)));
}

function activationTensors(
  { activations }: TrainedQuantization,
  outputs: ReadonlyMap<string, string>,
  isPacked: boolean,
): Record<string, TensorQuantization> {
  const tensors: Record<string, TensorQuantization> = {};
  for (const [layer, trained] of Object.entries(activations)) {
    const name = outputs.get(layer);
    if (name === undefined) throw missing(`a layer "${layer}" that feeds an output`, [...outputs.keys()]);
    const stored = storedQuantization(layer, trained, isPacked);
    const other = tensors[name];
    if (other !== undefined && !isSame(other, stored)) {
      throw new ExportError({
        operation: `[export] trainedModelToQdq "${layer}"`,
        expected: `one quantizer on tensor "${name}"`,
        received: 'two with different steps',
        hint: 'The layer only passes its input on (dropout, flatten …); leave its quantizer out.',
      });
    }
    tensors[name] = { role: 'activation', ...stored, origin: { source: 'training' } };
  }
  return tensors;
}

function weightTensors(
  { weights }: TrainedQuantization,
  converted: LayersModelResult,
  content: LayersModelContent,
  isPacked: boolean,
): Record<string, TensorQuantization> {
  const tensors: Record<string, TensorQuantization> = {};
  for (const [name, trained] of Object.entries(weights)) {
    const places = converted.weights.get(name);
    const shape = content.weights.get(name)?.shape;
    if (places === undefined || shape === undefined) throw missing(`a weight "${name}"`, [...converted.weights.keys()]);
    const stored = storedQuantization(name, trained, isPacked);
    for (const place of places) {
      const { granularity, from } = placeGranularity(name, stored.scheme.granularity, place, shape);
      const { scale, zeroPoint } = stored.qparams;
      const scheme = Object.freeze({ ...stored.scheme, granularity });
      const qparams = {
        scale: Float32Array.from(from, (i) => scale[i] ?? Number.NaN),
        zeroPoint: Int32Array.from(from, (i) => zeroPoint[i] ?? 0),
      };
      tensors[place.tensor] = { role: 'weight', scheme, qparams, origin: { source: 'training' } };
    }
  }
  return tensors;
}

function isSame(a: StoredQuantization, b: StoredQuantization): boolean {
  return (
    JSON.stringify([a.scheme, [...a.qparams.scale], [...a.qparams.zeroPoint]]) ===
    JSON.stringify([b.scheme, [...b.qparams.scale], [...b.qparams.zeroPoint]])
  );
}

function missing(expected: string, known: readonly string[]): ExportError {
  const shown = known.slice(0, 12).join(', ');
  return new ExportError({
    operation: '[export] trainedModelToQdq',
    expected,
    received: `a model with ${shown}${known.length > 12 ? ', …' : ''}`,
  });
}
