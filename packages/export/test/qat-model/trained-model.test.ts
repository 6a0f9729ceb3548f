import {
  type AnyQuantizationSpec,
  binaryScheme,
  chooseQParams,
  formatOf,
  int4,
  int8,
  linearScheme,
  makeRange,
  perAxis,
  type QuantScheme,
  ternaryScheme,
  uint4,
  uint8,
} from '@bitwright/core';
import { assertValidModel, DataType, type Model, tensorToArray } from '@bitwright/onnx';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { type TrainedModelOptions, trainedModelToQdq } from '../../src/index';
import { executedOperators } from '../runtime';
import { randomInputs, randomizeWeights, relativeError, runOnnx } from '../tfjs-to-onnx/compare';

const { layers } = tfl;

interface TrainedTensor {
  readonly scheme: QuantScheme;
  readonly qparams: { readonly scale: Float32Array };
}

/** What was trained: activations by layer, weights by name. */
interface Trained {
  readonly activations: Readonly<Record<string, TrainedTensor>>;
  readonly weights: Readonly<Record<string, TrainedTensor>>;
}

function specOf({ activations, weights }: Trained, target = 'ort-x64'): AnyQuantizationSpec {
  const tensors = [
    ...Object.entries(activations).map(([name, tensor]) => [name, { role: 'activation', ...tensor }] as const),
    ...Object.entries(weights).map(([name, tensor]) => [name, { role: 'weight', ...tensor }] as const),
  ].map(([name, tensor]) => [name, { ...tensor, origin: { source: 'training' } }] as const);
  return {
    version: 1,
    target,
    tensors: Object.fromEntries(tensors) as AnyQuantizationSpec['tensors'],
    nodes: {},
    provenance: { tool: { name: 'test', version: '0' } },
  };
}

/** Fake quantization as training sees it, computed by core in float32. */
class FakeQuantize extends tfl.layers.Layer {
  static className = 'TestFakeQuantize';
  private readonly trained: TrainedTensor;
  constructor(trained: TrainedTensor) {
    super({});
    this.trained = trained;
  }
  override computeOutputShape(shape: tfl.Shape): tfl.Shape {
    return shape;
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tensor(fakeQuantized(x.dataSync() as Float32Array, x.shape, this.trained), x.shape);
  }
}

function fakeQuantized(data: Float32Array, shape: readonly number[], { scheme, qparams }: TrainedTensor): Float32Array {
  return formatOf(scheme as QuantScheme).fakeQuantize({ data, shape }, scheme as never, qparams as never);
}

const activation8: TrainedTensor = linear(linearScheme({ dtype: uint8 }), 0, 3);
const signed8: TrainedTensor = linear(linearScheme({ dtype: int8, mapping: 'symmetric' }), -2, 2);
const asymmetric8: TrainedTensor = linear(linearScheme({ dtype: uint8 }), -1.3, 2);

function linear(scheme: ReturnType<typeof linearScheme>, min: number, max: number): TrainedTensor {
  return { scheme, qparams: chooseQParams(makeRange(min, max), scheme) };
}

/** The network: convolutions with a skip, pooled, flattened, classified. `quantized` puts fake quantizers behind its layers. */
function network(quantized: Readonly<Record<string, TrainedTensor>>): tfl.LayersModel {
  const behind =
    (layer: { name: string; apply(x: tfl.SymbolicTensor | tfl.SymbolicTensor[]): unknown }) =>
    (x: tfl.SymbolicTensor | tfl.SymbolicTensor[]): tfl.SymbolicTensor => {
      const y = layer.apply(x) as tfl.SymbolicTensor;
      const trained = quantized[layer.name];
      return trained === undefined ? y : (new FakeQuantize(trained).apply(y) as tfl.SymbolicTensor);
    };
  const image = tfl.input({ shape: [8, 8, 3], name: 'image' });
  const input = quantized['image'];
  let x = input === undefined ? image : (new FakeQuantize(input).apply(image) as tfl.SymbolicTensor);
  x = behind(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', name: 'conv1' }))(x);
  const skip = x;
  x = behind(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', depthMultiplier: 1, name: 'depthwise' }))(x);
  x = behind(layers.conv2d({ filters: 4, kernelSize: 1, name: 'conv2' }))(x);
  x = behind(layers.add({ name: 'sum' }))([x, skip]);
  x = behind(layers.reLU({ name: 'relu' }))(x);
  x = layers.maxPooling2d({ poolSize: 2, name: 'pool' }).apply(x) as tfl.SymbolicTensor;
  x = layers.flatten({ name: 'flat' }).apply(x) as tfl.SymbolicTensor;
  return tfl.model({ inputs: image, outputs: behind(layers.dense({ units: 5, name: 'logits' }))(x) });
}

const activations: Trained['activations'] = {
  image: asymmetric8,
  conv1: activation8,
  depthwise: asymmetric8,
  conv2: signed8,
  sum: asymmetric8,
  relu: activation8,
};

function perChannel(
  axis: number,
  channels: number,
  options: Partial<Parameters<typeof linearScheme>[0]> = {},
): TrainedTensor {
  const scheme = linearScheme({ dtype: int8, mapping: 'symmetric', granularity: perAxis(axis), ...options });
  const limits = Array.from({ length: channels }, (_, c) => 0.3 + 0.05 * c);
  return {
    scheme,
    qparams: chooseQParams(
      makeRange(
        limits.map((l) => -l),
        limits,
      ),
      scheme,
    ),
  };
}

const weights: Trained['weights'] = {
  'conv1/kernel': perChannel(3, 4),
  'depthwise/depthwise_kernel': perChannel(2, 4),
  'conv2/kernel': linear(linearScheme({ dtype: int8, mapping: 'symmetric' }), -0.4, 0.4),
  'logits/kernel': perChannel(1, 5),
};

/**
 * Outputs of training's network and of the QDQ file, onnxruntime not optimizing: sums of the same numbers in another order, which
 * flip a code at a tie once in a while; one step of a code moves an output by no more than a few hundredths of the largest.
 */
async function difference(
  trained: Trained,
  options: TrainedModelOptions = {},
): Promise<{ error: number; model: Model }> {
  const reference = network(trained.activations);
  randomizeWeights(reference, 5);
  const converted = network({});
  reference.layers.forEach((layer) => {
    if (layer.weights.length > 0) converted.getLayer(layer.name).setWeights(layer.getWeights());
  });
  for (const weight of reference.weights) {
    const quantized = trained.weights[weight.originalName];
    if (quantized === undefined) continue;
    const value = weight.read();
    weight.write(tf.tensor(fakeQuantized(value.dataSync() as Float32Array, value.shape, quantized), value.shape));
  }
  const inputs = randomInputs(reference, 8, 3);
  const { model } = trainedModelToQdq(converted, specOf(trained), options);
  assertValidModel(model);
  const [actual] = await runOnnx(model, inputs, 'disabled');
  const expected = (reference.predict(inputs[0]!) as tf.Tensor).dataSync();
  return { error: relativeError(actual!.data as Float32Array, expected), model };
}

/** A flipped tie somewhere moves one activation by a step of 3/255. */
const oneStep = 0.02;
const noFlip = 1e-5;

function initializer(model: Model, name: string): { type: number; codes: readonly number[] } {
  const tensor = model.graph!.initializer.find((candidate) => candidate.name === name)!;
  return { type: tensor.dataType, codes: Array.from(tensorToArray(tensor) as Int8Array) };
}

describe('trainedModelToQdq', () => {
  it('computes what training computed: 8 bits, per channel, with a skip', async () => {
    const { error, model } = await difference({ activations, weights });
    expect(error).toBeLessThan(oneStep);
    // Every layer between quantizers becomes an integer kernel; the input's layout changes on codes.
    const fused = await executedOperators(model);
    expect(fused.filter((op) => op === 'QLinearConv').length).toBe(3);
    expect(fused).toContain('QLinearAdd');
    expect(fused.filter((op) => op === 'Conv' || op === 'FusedConv')).toEqual([]);
  });

  it('computes what training computed: weights only', async () => {
    expect((await difference({ activations: {}, weights })).error).toBeLessThan(noFlip);
  });

  it('keeps learned steps of 4 bits in 8-bit types, saturating at the 4-bit codes', async () => {
    const four = {
      activations: {
        ...activations,
        conv1: linear(linearScheme({ dtype: uint4 }), 0, 2),
        relu: linear(linearScheme({ dtype: uint4 }), 0, 2),
      },
      weights: {
        ...weights,
        'conv1/kernel': perChannel(3, 4, { dtype: int4 }),
        'conv2/kernel': perChannel(3, 4, { dtype: int4 }),
      },
    };
    const { error, model } = await difference(four);
    expect(error).toBeLessThan(0.2);
    const { type, codes } = initializer(model, 'conv1/kernel_quantized');
    expect(type).toBe(DataType.INT8);
    // 15 or 16 levels, spread eightfold so that runtimes round biases finely.
    expect(codes.every((code) => code % 8 === 0)).toBe(true);
    expect(Math.max(...codes)).toBeLessThanOrEqual(7 * 8);
    expect(Math.min(...codes)).toBeGreaterThanOrEqual(-8 * 8);
  });

  it('packs 4-bit weights in int4 on request, raising the operator set', async () => {
    const four = { activations: {}, weights: { 'conv2/kernel': perChannel(3, 4, { dtype: int4 }) } };
    const { error, model } = await difference(four, { storage: 'packed' });
    expect(error).toBeLessThan(noFlip);
    expect(Number(model.opsetImport[0]?.version)).toBe(21);
    expect(initializer(model, 'conv2/kernel_quantized').type).toBe(DataType.INT4);
  });

  it('keeps power-of-two steps', async () => {
    const scheme = { scaleForm: 'powerOfTwo' as const };
    const shift = {
      activations: { conv1: linear(linearScheme({ dtype: uint8, ...scheme }), 0, 3) },
      weights: { 'conv1/kernel': perChannel(3, 4, scheme) },
    };
    const { error, model } = await difference(shift);
    expect(error).toBeLessThan(oneStep);
    const scales = tensorToArray(model.graph!.initializer.find(({ name }) => name === 'conv1/kernel_scale')!);
    expect([...(scales as Float32Array)].every((s) => Number.isInteger(Math.log2(s)))).toBe(true);
  });

  it('stores ±1 weights as two int8 codes with their scale', async () => {
    const scheme = binaryScheme({ granularity: perAxis(3), scaleRule: 'mean' });
    const binary = { scheme, qparams: { scale: Float32Array.of(0.1, 0.2, 0.3, 0.4) } };
    const { error, model } = await difference({
      activations: {},
      weights: { 'conv1/kernel': binary, 'conv2/kernel': binary },
    });
    expect(error).toBeLessThan(noFlip);
    const { type, codes } = initializer(model, 'conv1/kernel_quantized');
    expect(type).toBe(DataType.INT8);
    expect(new Set(codes)).toEqual(new Set([-64, 64]));
  });

  it('stores ±1 weights in 2 bits on request', async () => {
    const binary = { scheme: binaryScheme(), qparams: { scale: Float32Array.of(0.25) } };
    const { error, model } = await difference(
      { activations: {}, weights: { 'conv1/kernel': binary } },
      { storage: 'packed' },
    );
    expect(error).toBeLessThan(noFlip);
    expect(initializer(model, 'conv1/kernel_quantized').type).toBe(DataType.INT2);
  });

  it('stores ternary weights and takes signs of activations', async () => {
    const ternary = {
      scheme: ternaryScheme(),
      qparams: { scale: Float32Array.of(0.3), threshold: Float32Array.of(0.2) },
    };
    const sign = { scheme: binaryScheme(), qparams: { scale: Float32Array.of(0.5) } };
    const { error } = await difference({
      activations: { image: sign, sum: sign },
      weights: { 'conv1/kernel': ternary },
    });
    expect(error).toBeLessThan(noFlip);
  });

  it('rounds biases to int32 where asked', async () => {
    const { error, model } = await difference({ activations, weights }, { bias: 'int32' });
    expect(error).toBeLessThan(oneStep);
    expect(initializer(model, 'conv1/bias_quantized').type).toBe(DataType.INT32);
    expect(await executedOperators(model)).toContain('QGemm');
  });

  it('lets float layers read float where the target quantizes inputs', () => {
    const spec = specOf({ activations: { conv1: signed8, image: signed8 }, weights }, 'tensorrt-11');
    const nodes = { sum: { kind: 'float' as const, reason: 'adds in float' } };
    const { model } = trainedModelToQdq(network({}), { ...spec, nodes });
    const inputsOf = (name: string): readonly string[] => model.graph!.node.find((node) => node.name === name)!.input;
    expect(inputsOf('sum/Add')[1]).toBe('conv1');
    expect(inputsOf('depthwise/Conv')[0]).toBe('conv1_DequantizeLinear_Output');
    expect(inputsOf('conv1/Conv')[0]).toContain('DequantizeLinear_Output');
  });

  it('refuses names that do not exist and scales that do not fit', () => {
    const model = network({});
    const convert =
      (trained: Partial<Trained>): (() => unknown) =>
      () =>
        trainedModelToQdq(model, specOf({ activations: {}, weights: {}, ...trained }));
    expect(convert({ activations: { conv9: activation8 } })).toThrow('a layer "conv9"');
    expect(convert({ weights: { 'conv9/kernel': signed8 } })).toThrow('a weight "conv9/kernel"');
    expect(convert({ weights: { 'logits/kernel': perChannel(0, 64) } })).toThrow('5 scales along axis 1');
    expect(convert({ activations: { flat: activation8, pool: asymmetric8 } })).not.toThrow();
  });
});
