import { elementCount } from '@bitwright/core';
import { textFile } from '../define-exporter';
import type { ExportedFile } from '../exporter';
import { decodeWeight, encodeWeight, type WebQuantization, type WebWeightType } from './encode-weight';

/** A layers model in memory: what `model.save` hands to an IOHandler. */
export interface WebModelArtifacts {
  readonly modelTopology: unknown;
  readonly weightSpecs: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
  /** float32 bytes of all weights, one after the other. */
  readonly weightData: ArrayBuffer;
}

export interface WebModelOptions {
  /** Stem of the file names. */
  readonly name: string;
  /** How weights of two and more axes are stored; biases and statistics stay float32. */
  readonly weights: WebWeightType;
  /** Default 4 MiB, what browsers cache well. */
  readonly shardBytes?: number;
}

/** A model whose weights are read one by one. */
export interface WebModelParts {
  readonly modelTopology: unknown;
  readonly weights: readonly WebModelWeight[];
}

export interface WebModelWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Called once. */
  values(): Float32Array;
}

/** Entry of a weight in the manifest. */
export interface ManifestWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: WebQuantization;
}

const defaultShardBytes = 4 * 1024 * 1024;

/**
 * The files that `tf.loadLayersModel` reads: `<name>.json` with topology and manifest, and shards of weights. The stored type is
 * compression only: TensorFlow.js computes with float32.
 *
 * The JSON file comes last, so that a reader never finds it without its weights.
 */
export function layersModelFiles(artifacts: WebModelArtifacts, options: WebModelOptions): readonly ExportedFile[] {
  const { modelTopology, weightSpecs, weightData } = artifacts;
  let offset = 0;
  const weights = weightSpecs.map(({ name, shape, dtype }): WebModelWeight => {
    const start = offset;
    offset += 4 * elementCount(shape);
    return { name, shape, dtype, values: () => new Float32Array(weightData, start, elementCount(shape)) };
  });
  return webModelFiles({ modelTopology, weights }, options);
}

/** {@link layersModelFiles} that holds one float weight at a time, whatever the size of the model. */
export function webModelFiles(model: WebModelParts, options: WebModelOptions): readonly ExportedFile[] {
  const { name, weights: type, shardBytes = defaultShardBytes } = options;
  const typeOf = (shape: readonly number[]): WebWeightType => (shape.length > 1 ? type : 'float32');
  const size = model.weights.reduce((sum, { shape }) => sum + elementCount(shape) * storedBytes[typeOf(shape)], 0);
  const data = new Uint8Array(size);
  let end = 0;
  const weights = model.weights.map(({ name: weight, shape, dtype, values }): ManifestWeight => {
    const { bytes, quantization } = encodeWeight(values(), typeOf(shape));
    data.set(bytes, end);
    end += bytes.length;
    return { name: weight, shape, dtype, ...(quantization === undefined ? {} : { quantization }) };
  });
  const count = Math.max(1, Math.ceil(data.length / shardBytes));
  const shards = Array.from({ length: count }, (_, i) => ({
    path: `${name}-shard${i + 1}of${count}.bin`,
    bytes: data.subarray(i * shardBytes, (i + 1) * shardBytes),
  }));
  const json = {
    format: 'layers-model',
    generatedBy: 'bitwright',
    convertedBy: null,
    modelTopology: model.modelTopology,
    weightsManifest: [{ paths: shards.map(({ path }) => path), weights }],
  };
  return [...shards, textFile(`${name}.json`, JSON.stringify(json))];
}

/** The values of one stored weight. */
export function storedValues({ quantization }: ManifestWeight, bytes: Uint8Array): Float32Array {
  return decodeWeight({ bytes, ...(quantization === undefined ? {} : { quantization }) });
}

// — internals —

const storedBytes: Readonly<Record<WebWeightType, number>> = { float32: 4, float16: 2, uint16: 2, uint8: 1 };
