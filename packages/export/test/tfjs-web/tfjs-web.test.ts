import {
  dequantize,
  findTarget,
  int8,
  linearScheme,
  perTensor,
  quantize,
  seededRandom,
  type Target,
} from '@bitwright/core';
import { DataType, editGraph, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { ExportedFile } from '../../src/exporter';
import { decodeWeight, encodeWeight } from '../../src/tfjs-web/encode-weight';
import { layersModelFiles, webModelFiles } from '../../src/tfjs-web/layers-model-files';
import { tfjsWebExporter } from '../../src/tfjs-web/tfjs-web-exporter';
import { sampleSpec } from '../exporters/sample-spec';
import { run } from '../runtime';
import { values } from '../toy-models';

const { model, spec } = sampleSpec(findTarget('ort-x64'));
const normal = (count: number): Float32Array => {
  const random = seededRandom(3);
  return Float32Array.from({ length: count }, () => random.next() - 0.4);
};

/** Stock `tf.loadLayersModel` on exported files. */
function load(files: readonly ExportedFile[]): Promise<tfl.LayersModel> {
  const bytes = (path: string): Uint8Array => files.find((file) => file.path === path)!.bytes;
  const json = JSON.parse(new TextDecoder().decode(files.find(({ path }) => path.endsWith('.json'))!.bytes));
  return tfl.loadLayersModel({
    load: () =>
      tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        const parts = manifest.flatMap(({ paths }) => paths).map(bytes);
        return [
          tf.io.getWeightSpecs(manifest),
          tf.io.concatenateArrayBuffers(parts.map((part) => part.slice().buffer)),
        ];
      }),
  });
}

/** Outputs of the loaded model on the fixed input of the test networks. */
async function predict(files: readonly ExportedFile[]): Promise<Float32Array> {
  const loaded = await load(files);
  const x = tf.transpose(tf.tensor4d(values(512, 99), [2, 4, 8, 8]), [0, 2, 3, 1]);
  const result = (loaded.predict(x) as tf.Tensor).dataSync() as Float32Array;
  return Float32Array.from(result);
}

/** The float network with its weights and biases on the spec's grids. */
function onGrid() {
  const edit = editGraph(model);
  for (const [name, { role, scheme, qparams }] of Object.entries(spec.tensors)) {
    const constant = role === 'activation' ? undefined : edit.initializer(name);
    if (constant === undefined) continue;
    const shape = constant.dims.map(Number);
    const codes = quantize({ data: tensorToFloat32(constant), shape }, scheme, qparams);
    edit.removeInitializer(name);
    edit.addInitializer(tensorFromArray(name, DataType.FLOAT, shape, dequantize(codes, shape, scheme, qparams)));
  }
  return edit.finish();
}

function largestRelative(actual: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i]!)), 0) / largest;
}

/** float32 arithmetic in another order; and what the stored types lose. */
const tolerance = { float32: 1e-5, float16: 1e-3, uint16: 1e-4, uint8: 2e-2 } as const;

describe('TensorFlow.js web models', () => {
  it.each(['float32', 'float16', 'uint16', 'uint8'] as const)(
    '%s: stock TensorFlow.js loads them and computes what onnxruntime does',
    async (version) => {
      const files = tfjsWebExporter.write(spec, model, { version });
      const expected = (await run(onGrid(), [2, 4, 8, 8]))['logits']!;
      expect(largestRelative(await predict(files), expected)).toBeLessThan(tolerance[version]);
    },
  );

  it('loses nothing at uint8 where a weight has one scale', async () => {
    const ortX64 = findTarget('ort-x64');
    const weight = linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true, granularity: perTensor });
    const target: Target = { ...ortX64, schemes: { ...ortX64.schemes, weight } };
    const sample = sampleSpec(target);
    const [byte, float] = ['uint8', 'float32'].map((version) =>
      tfjsWebExporter.write(sample.spec, sample.model, { version }),
    );
    expect(largestRelative(await predict(byte!), await predict(float!))).toBeLessThan(1e-6);
    const size = (files: readonly ExportedFile[]) =>
      files.filter(({ path }) => path.endsWith('.bin')).reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(size(byte!)).toBeLessThan(size(float!) / 3);
  });

  it('cuts the bytes into shards, which weights may straddle, and puts the JSON last', async () => {
    const artifacts = {
      modelTopology: {
        class_name: 'Sequential',
        config: {
          name: 's',
          layers: [
            { class_name: 'Dense', config: { name: 'd', units: 300, batch_input_shape: [null, 40], use_bias: true } },
          ],
        },
      },
      weightSpecs: [
        { name: 'd/kernel', shape: [40, 300], dtype: 'float32' },
        { name: 'd/bias', shape: [300], dtype: 'float32' },
      ],
      weightData: normal(12_300).buffer as ArrayBuffer,
    };
    const files = layersModelFiles(artifacts, { name: 'net', weights: 'uint8', shardBytes: 5000 });
    expect(files.map(({ path }) => path)).toEqual([
      'net-shard1of3.bin',
      'net-shard2of3.bin',
      'net-shard3of3.bin',
      'net.json',
    ]);
    expect(tfjsWebExporter.validate(files)).toEqual([]);
    expect(tfjsWebExporter.validate(files.slice(1)).length).toBeGreaterThan(0);
    const loaded = await load(files);
    expect((loaded.predict(tf.ones([1, 40])) as tf.Tensor).shape).toEqual([1, 300]);
  });
});

describe('webModelFiles', () => {
  it('reads every weight once, in order, and writes what a model in one piece gives', () => {
    const weightSpecs = ['a', 'b', 'c'].map((name, i) => ({ name, shape: [4, i + 2], dtype: 'float32' }));
    const data = normal(36);
    const read: string[] = [];
    let start = 0;
    const weights = weightSpecs.map((weight) => {
      const from = start;
      start += 4 * (weight.shape[1] ?? 0);
      const until = start;
      const values = (): Float32Array => {
        read.push(weight.name);
        return data.slice(from, until);
      };
      return { ...weight, values };
    });
    const options = { name: 'net', weights: 'float16' } as const;
    const artifacts = { modelTopology: {}, weightSpecs, weightData: data.buffer as ArrayBuffer };
    expect(webModelFiles({ modelTopology: {}, weights }, options)).toEqual(layersModelFiles(artifacts, options));
    expect(read).toEqual(['a', 'b', 'c']);
  });
});

describe('encodeWeight', () => {
  it('keeps 0 exact, and errors within half a step', () => {
    const data = Float32Array.of(-1, 0, 0.3, 2.5);
    const encoded = encodeWeight(normal(5000).fill(0, 0, 3), 'uint8');
    expect([...decodeWeight(encoded).subarray(0, 3)]).toEqual([0, 0, 0]);
    const { quantization } = encoded;
    const scale = quantization?.dtype === 'uint8' ? quantization.scale : Number.NaN;
    const back = decodeWeight(encoded);
    const errors = normal(5000).map((v, i) => (i < 3 ? 0 : Math.abs(back[i]! - v)));
    expect(Math.max(...errors)).toBeLessThanOrEqual(scale / 2 + 1e-7);
    expect(decodeWeight(encodeWeight(data, 'float32'))).toEqual(data);
  });

  it('finds the grid of symmetric int8 weights: scale s, min −128·s or better', () => {
    const s = Math.fround(0.0123);
    const data = Float32Array.from({ length: 400 }, (_, i) => Math.fround(((i * 37) % 255) - 127) * s);
    const back = decodeWeight(encodeWeight(data, 'uint8'));
    expect(data.every((v, i) => Math.abs(back[i]! - v) <= Math.abs(v) * 2 ** -22)).toBe(true);
  });

  it('refuses NaN, infinities and what float16 cannot hold', () => {
    expect(() => encodeWeight(Float32Array.of(1, Number.NaN), 'uint8')).toThrow(/NaN at element 1/);
    expect(() => encodeWeight(Float32Array.of(1e6), 'float16')).toThrow(/within ±65504/);
    expect(decodeWeight(encodeWeight(Float32Array.of(1.0009765625, -(2 ** -24), 65504), 'float16'))).toEqual(
      Float32Array.of(1.0009765625, -(2 ** -24), 65504),
    );
  });

  it('stores constant and empty weights', () => {
    expect([...decodeWeight(encodeWeight(new Float32Array(4).fill(0.7), 'uint8'))]).toEqual(
      new Array(4).fill(Math.fround(0.7)),
    );
    expect(encodeWeight(new Float32Array(), 'uint16').bytes).toHaveLength(0);
  });
});
