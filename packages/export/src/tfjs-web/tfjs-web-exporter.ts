import { elementCount, fakeQuantize, type PlanProblem, QuantError, type QuantizationSpec } from '@bitwright/core';
import { DataType, editGraph, type Model, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import { defineExporter } from '../define-exporter';
import { asProblem, type ExportedFile, type Exporter } from '../exporter';
import { onnxToLayers } from '../onnx-to-tfjs/onnx-to-layers-model';
import { commonProblems, modelIndex, tensorPlace } from '../spec-tensors';
import { isObject } from '../text-format/json';
import type { WebWeightType } from './encode-weight';
import { type ManifestWeight, storedValues } from './layers-model-files';
import { onnxToLayersFiles } from './onnx-to-layers-files';

const id = 'tfjs-web';

/**
 * TensorFlow.js layers model with weights on the grid of the spec, stored in fewer bytes: `version` is the stored type. Stock
 * `tf.loadLayersModel` reads it; activations are not quantized there, everything computes in float32.
 *
 * @see TensorFlow.js 4.22 io/decodeWeights; manifest fields dtype, scale, min
 */
export const tfjsWebExporter: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'TensorFlow.js layers model with compressed weights',
  aliases: ['tfjs'],
  targets: [],
  versions: ['float16', 'uint16', 'uint8', 'float32'],
  evidence: 'run',
  check(spec, model, options) {
    const common = commonProblems(spec, model, modelIndex(model, id));
    if (common.length > 0) return { problems: common, notes: [] };
    const converted = convert(model);
    if ('problem' in converted) return { problems: [converted.problem], notes: [] };
    const { customLayers } = converted;
    const isCoarse = (options?.version ?? 'float16') === 'uint8' && hasChannelScales(spec);
    return {
      problems: [],
      notes: [
        'Weights are compressed for the download only: TensorFlow.js computes with float32 and quantizes no activation.',
        ...(customLayers.length > 0
          ? [`It uses ${customLayers.join(', ')}: call registerOnnxLayers(tf) before loading it.`]
          : []),
        ...(isCoarse
          ? ['uint8 holds one scale per weight, so weights with a scale per channel are rounded once more.']
          : []),
      ],
    };
  },
  render(spec, model, { name, version }) {
    return onnxToLayersFiles(onGrid(model, spec), { name, weights: version as WebWeightType }).files;
  },
  validate: problemsOf,
});

// — internals —

type Conversion = ReturnType<typeof onnxToLayers>;

function convert(model: Model): Conversion | { readonly problem: PlanProblem } {
  try {
    return onnxToLayers(model);
  } catch (cause) {
    if (!QuantError.isInstance(cause)) throw cause;
    // The operation names the node, input or output, or the model as a whole.
    const [, where = 'model'] = /^\[export\] onnxToLayersModel (.+)$/.exec(cause.operation) ?? [];
    return { problem: asProblem(cause, where) };
  }
}

function hasChannelScales(spec: QuantizationSpec): boolean {
  return Object.values(spec.tensors).some(({ role, qparams }) => role === 'weight' && qparams.scale.length > 1);
}

/** The model with its weights and biases rounded to the grids of the spec. */
function onGrid(model: Model, spec: QuantizationSpec): Model {
  const edit = editGraph(model);
  for (const [name, { role, scheme, qparams }] of Object.entries(spec.tensors)) {
    const tensor = role === 'activation' ? undefined : edit.initializer(name);
    if (tensor === undefined) continue;
    const shape = tensor.dims.map(Number);
    const values = fakeQuantize({ data: tensorToFloat32(tensor), shape }, scheme, qparams);
    edit.removeInitializer(name);
    edit.addInitializer(tensorFromArray(name, DataType.FLOAT, shape, values));
  }
  return edit.finish();
}

function problemsOf(files: readonly ExportedFile[]): readonly PlanProblem[] {
  const file = files.find(({ path }) => path.endsWith('.json'));
  if (file === undefined) return [{ where: 'files', expected: 'a .json file', received: String(files.length) }];
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.bytes));
  } catch (cause) {
    return [{ where: file.path, expected: 'JSON', received: (cause as Error).message }];
  }
  const [group] =
    isObject(json) && Array.isArray(json['weightsManifest']) ? (json['weightsManifest'] as unknown[]) : [];
  const { paths, weights } = isObject(group) ? group : {};
  if (!isObject(json) || !isObject(json['modelTopology']) || !Array.isArray(paths) || !Array.isArray(weights)) {
    return [{ where: file.path, expected: 'modelTopology and a weightsManifest', received: 'something else' }];
  }
  const shards = (paths as string[]).map((path) => files.find((each) => each.path === path));
  if (shards.includes(undefined)) return [{ where: 'shards', expected: paths.join(', '), received: 'not all of them' }];
  const size = shards.reduce((sum, shard) => sum + (shard?.bytes.length ?? 0), 0);
  return weightProblems(weights as ManifestWeight[], size);
}

const storedBytes: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, float16: 2 };

function weightProblems(weights: readonly ManifestWeight[], size: number): readonly PlanProblem[] {
  const problems: PlanProblem[] = [];
  const names = new Set<string>();
  let bytes = 0;
  for (const weight of weights) {
    const { name, shape, dtype, quantization } = weight;
    const where = tensorPlace(name);
    if (names.has(name)) problems.push({ where, expected: 'a name of its own', received: 'one that is taken' });
    names.add(name);
    if (dtype !== 'float32') problems.push({ where, expected: 'float32', received: String(dtype) });
    const width = quantization === undefined ? 4 : storedBytes[quantization.dtype];
    if (width === undefined)
      problems.push({ where, expected: 'uint8, uint16 or float16', received: JSON.stringify(quantization) });
    bytes += (width ?? 0) * elementCount(shape);
    if (quantization === undefined || quantization.dtype === 'float16') continue;
    const { scale, min } = quantization;
    if (!(scale > 0 && Number.isFinite(scale) && Number.isFinite(min))) {
      problems.push({
        where,
        expected: 'a positive finite scale and a finite min',
        received: JSON.stringify(quantization),
      });
    }
    const ends = storedValues(weight, new Uint8Array(2 * (width ?? 1)));
    if (ends.some((v) => !Number.isFinite(v))) problems.push({ where, expected: 'finite weights', received: 'others' });
  }
  if (bytes !== size) problems.push({ where: 'shards', expected: `${bytes} bytes`, received: String(size) });
  return problems;
}
