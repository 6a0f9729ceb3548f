import type { Model } from '@bitwright/onnx';
import type { ExportedFile } from '../exporter';
import { type OnnxToLayersOptions, type OnnxToLayersResult, onnxToLayers } from '../onnx-to-tfjs/onnx-to-layers-model';
import { type WebModelOptions, webModelFiles } from './layers-model-files';

/** A converted model as the files that `tf.loadLayersModel` reads. */
export interface OnnxToLayersFiles extends Omit<OnnxToLayersResult, 'artifacts'> {
  /** Shards of weights, then the JSON file that names them. */
  readonly files: readonly ExportedFile[];
  readonly weights: number;
}

/**
 * `onnxToLayersModel` straight to files: weights are transposed one by one into their shards, so that the model is in memory twice (the ONNX
 * one and the files) and never three times.
 *
 * @throws {UnsupportedOperatorError} naming the node that has no layer
 */
export function onnxToLayersFiles(model: Model, options: OnnxToLayersOptions & WebModelOptions): OnnxToLayersFiles {
  const { parts, ...rest } = onnxToLayers(model, options);
  const weights = parts.weights.map(({ name, weight }) => ({
    name,
    shape: weight.shape,
    dtype: 'float32',
    values: () => weight.data,
  }));
  const files = webModelFiles({ modelTopology: parts.modelTopology, weights }, options);
  return { ...rest, files, weights: weights.length };
}
