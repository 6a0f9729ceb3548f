import { performance } from 'node:perf_hooks';
import { layersModelToOnnx, onnxToLayersModel, registerOnnxLayers } from '@bitwright/export';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import * as ort from 'onnxruntime-node';
import { exportCases, modelFile, type SampleSet } from './cases';

export interface ClassifierRow {
  readonly model: string;
  readonly layers: number;
  readonly customLayers: readonly string[];
  readonly samples: number;
  /** Largest difference to onnxruntime's logits over the largest logit: in TensorFlow.js, and back in onnxruntime. */
  readonly logits: number;
  readonly back: number;
  /** Loss of one batch before and after three steps of gradient descent on it. */
  readonly loss: readonly [number, number];
  /** Trainable weights that the steps changed, and how many there are. */
  readonly trained: readonly [number, number];
}

/** ONNX classifiers as TensorFlow.js models: the same logits, trainable, and the same logits again as ONNX. */
export async function measureClassifiers(folder: string): Promise<ClassifierRow[]> {
  await useNativeBackend({ threads: 1 });
  registerOnnxLayers({ ...tf, layers: tfl.layers, initializers: tfl.initializers });
  const rows: ClassifierRow[] = [];
  for (const given of exportCases.filter(({ output }) => output === 'logits')) {
    const model = decodeModel(modelFile(given, folder));
    const { test } = await given.load(folder);
    rows.push(await measureOne(given.model, model, test));
  }
  return rows;
}

async function measureOne(name: string, model: Model, test: SampleSet): Promise<ClassifierRow> {
  const samples = 4;
  const data = test.batch(0, samples);
  const converted = onnxToLayersModel(model);
  const layers = await tfl.loadLayersModel({
    load: async () => converted.artifacts as unknown as tf.io.ModelArtifacts,
  });
  const expected = await logitsOf(model, data, [samples, ...test.dims]);
  const image = tf.transpose(tf.tensor(data, [samples, ...test.dims]), [0, 2, 3, 1]);
  const predicted = tf.tidy(() => (layers.predict(image) as tf.Tensor).dataSync());
  const again = layersModelToOnnx(layers).model;
  const back = await logitsOf(again, Float32Array.from(image.dataSync()), image.shape);
  const before = layers.trainableWeights.map((weight) => Float32Array.from(weight.read().dataSync()));
  layers.compile({ optimizer: tf.train.sgd(1e-3), loss: tf.losses.softmaxCrossEntropy });
  const classes = predicted.length / samples;
  const labels = tf.oneHot(tf.tensor1d(Array.from(test.labels ?? [], Number).slice(0, samples), 'int32'), classes);
  const losses: number[] = [];
  const start = performance.now();
  for (let step = 0; step < 4; step++) losses.push(Number(await layers.trainOnBatch(image, labels)));
  process.stderr.write(`${name}: ${Math.round(performance.now() - start)} ms for four steps\n`);
  const changed = layers.trainableWeights.filter((weight, i) => {
    const now = weight.read().dataSync();
    return before[i]?.some((value, k) => value !== now[k]) === true;
  }).length;
  return {
    model: name,
    layers: layers.layers.length,
    customLayers: converted.customLayers,
    samples,
    logits: relativeError(predicted, expected),
    back: relativeError(back, expected),
    loss: [losses[0] ?? Number.NaN, losses[3] ?? Number.NaN],
    trained: [changed, layers.trainableWeights.length],
  };
}

async function logitsOf(model: Model, data: Float32Array, dims: readonly number[]): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(encodeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const result = await session.run({ [session.inputNames[0] ?? '']: new ort.Tensor('float32', data, [...dims]) });
  await session.release();
  return Float32Array.from(result[session.outputNames[0] ?? '']?.data as Float32Array);
}

/** Largest difference over the largest expected value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [largest, error] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
    error = Math.max(error, Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? 0)));
  }
  return error / largest;
}
