import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { seededRandom } from '@bitwright/core';
import { assertValidModel, encodeModel, type Model } from '@bitwright/onnx';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import { type LayersModelOptions, layersModelToOnnx } from '../../src/index';

/** float32 rounding of two implementations that sum in different orders, relative to the largest output. */
export const relativeTolerance = 1e-5;

/** Gives every weight seeded values; variances stay positive. */
export function randomizeWeights(model: LayersModel, seed: number): void {
  const { next: random } = seededRandom(seed);
  for (const weight of model.weights) {
    const isVariance = weight.originalName.includes('variance');
    const count = weight.shape.reduce((product: number, size) => product * (size ?? 1), 1);
    const values = Float32Array.from({ length: count }, () => (isVariance ? 0.5 + random() : (random() - 0.5) * 0.8));
    weight.write(tf.tensor(values, weight.shape as number[]));
  }
}

/** Seeded inputs for a model: whole numbers below 8 for integer inputs, else −1 … 1. */
export function randomInputs(model: LayersModel, seed: number, batch: number, size = 6): tf.Tensor[] {
  const { next: random } = seededRandom(seed);
  return model.inputs.map((input) => {
    const shape = input.shape.map((d, i) => d ?? (i === 0 ? batch : size));
    const count = shape.reduce((a, b) => a * b, 1);
    const isInteger = input.dtype === 'int32';
    const values = Array.from({ length: count }, () => (isInteger ? Math.floor(random() * 8) : random() * 2 - 1));
    return tf.tensor(values, shape, isInteger ? 'int32' : 'float32');
  });
}

export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 1e-6;
  let error = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= error)) error = difference;
  }
  return error / largest;
}

/** Runs an ONNX model on tensors in the order of its inputs; results in the order of its outputs. */
export async function runOnnx(
  model: Model,
  inputs: readonly tf.Tensor[],
  graphOptimizationLevel: 'disabled' | 'all' = 'all',
): Promise<ort.Tensor[]> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
    graphOptimizationLevel,
  });
  try {
    const feeds = Object.fromEntries(
      session.inputNames.map((name, i) => {
        const x = inputs[i]!;
        const type = x.dtype === 'int32' ? 'int32' : 'float32';
        return [name, new ort.Tensor(type, x.dataSync() as Float32Array, x.shape)];
      }),
    );
    const results = await session.run(feeds);
    return session.outputNames.map((name) => results[name]!);
  } finally {
    await session.release();
  }
}

/** Converts a model with seeded weights, runs both, and expects equal outputs; returns the ONNX model. */
export async function expectEqualOutputs(
  model: LayersModel,
  { seed = 1, batch = 2, ...options }: LayersModelOptions & { seed?: number; batch?: number } = {},
): Promise<Model> {
  randomizeWeights(model, seed);
  const inputs = randomInputs(model, seed + 1000, batch);
  const predicted = model.predict(inputs.length === 1 ? inputs[0]! : inputs);
  const expected = Array.isArray(predicted) ? predicted : [predicted];
  const converted = layersModelToOnnx(model, options).model;
  assertValidModel(converted);
  const actual = await runOnnx(converted, inputs);
  expect(actual.length).toBe(expected.length);
  expected.forEach((tensor, i) => {
    expect([...actual[i]!.dims]).toEqual(tensor.shape);
    expect(relativeError(actual[i]!.data as Float32Array, tensor.dataSync())).toBeLessThanOrEqual(relativeTolerance);
  });
  tf.dispose([...inputs, ...expected]);
  return converted;
}

/** Operator types of a model, in order. */
export function operators(model: Model): string[] {
  return (model.graph?.node ?? []).map((node) => node.opType);
}
