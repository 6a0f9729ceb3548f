import { ModelFormatError } from '@bitwright/core';
import { decodeWeights, type WeightSpec } from './decode-weights';
import { liveWeights } from './live-weights';

/** A model as `model.save` hands it to an IOHandler, or as read from model.json and its weight files. */
export interface LayersModelArtifacts {
  /** The Keras JSON of the layers, bare or inside `model_config`. */
  readonly modelTopology?: unknown;
  readonly weightSpecs?: readonly WeightSpec[];
  /** The bytes of all weights, one after the other. */
  readonly weightData?: unknown;
}

/** The part of a live tf.LayersModel that is read: structural, so that no TensorFlow.js needs to be installed. */
export interface LiveLayersModel {
  toJSON(unused?: unknown, returnString?: boolean): unknown;
  readonly weights: readonly LiveWeight[];
}

/** The part of a tfjs LayerVariable that is read. */
export interface LiveWeight {
  readonly originalName: string;
  read(): { readonly shape: readonly number[]; readonly dtype: string; dataSync(): ArrayLike<number> };
}

/** What the converter takes: a live model or its saved form. */
export type LayersModelSource = LiveLayersModel | LayersModelArtifacts;

/** One weight: name as TensorFlow.js saves it (`layer/kernel`), shape and values, row-major. */
export interface LayerWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A model that was read: Keras JSON as it stands, weights by name. */
export interface LayersModelContent {
  readonly topology: Readonly<Record<string, unknown>>;
  readonly weights: ReadonlyMap<string, LayerWeight>;
}

/**
 * Reads topology and weights of a model, live or saved.
 *
 * @throws {ModelFormatError} when topology or weights are missing or do not fit together
 */
export function readLayersModel(source: LayersModelSource): LayersModelContent {
  if (isLive(source)) {
    return { topology: asTopology(source.toJSON(undefined, false)), weights: liveWeights(source.weights) };
  }
  return { topology: asTopology(source.modelTopology), weights: decodeWeights(source.weightSpecs, source.weightData) };
}

function isLive(source: LayersModelSource): source is LiveLayersModel {
  return typeof (source as Partial<LiveLayersModel>).toJSON === 'function';
}

/** The object with `class_name` and `config`, out of whatever it is wrapped in. */
function asTopology(json: unknown): Readonly<Record<string, unknown>> {
  const outer = typeof json === 'string' ? (JSON.parse(json) as unknown) : json;
  const inner = isRecord(outer) && isRecord(outer['model_config']) ? outer['model_config'] : outer;
  if (isRecord(inner) && typeof inner['class_name'] === 'string' && inner['config'] !== undefined) return inner;
  throw new ModelFormatError({
    operation: '[export] readLayersModel',
    expected: 'the topology of a layers model: class_name and config',
    received: isRecord(inner) ? `an object with ${Object.keys(inner).slice(0, 6).join(', ')}` : typeof inner,
    hint: 'A graph model (format "graph-model") is read by graphModelToOnnx.',
  });
}

/** Whether JSON holds an object (no array). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
