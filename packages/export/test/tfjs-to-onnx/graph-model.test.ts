import { seededRandom } from '@bitwright/core';
import { assertValidModel } from '@bitwright/onnx';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { graphModelToOnnx, layersModelToOnnx } from '../../src/index';
import { relativeError, relativeTolerance, runOnnx } from './compare';
import { GraphBuilder, ints, shape, text, texts } from './graph-builder';

describe('graphModelToOnnx', () => {
  it('gives onnxruntime the outputs of the same TensorFlow.js operators', async () => {
    const g = new GraphBuilder();
    g.node('Placeholder', 'image', [], { dtype: { type: 'DT_FLOAT' }, shape: shape(-1, 9, 8, 3) });
    const kernel = g.constant('kernel', [3, 3, 3, 4]);
    const bias = g.constant('bias', [4]);
    const window = { strides: ints(1, 2, 2, 1), padding: text('SAME'), data_format: text('NHWC') };
    g.node('_FusedConv2D', 'conv', ['image', 'kernel', 'bias'], { ...window, fused_ops: texts('BiasAdd', 'Relu6') });
    const depthwise = g.constant('depthwise', [3, 3, 4, 1]);
    g.node('DepthwiseConv2dNative', 'dw', ['conv', 'depthwise'], { strides: ints(1, 1, 1, 1), padding: text('SAME') });
    const [scale, offset, mean] = ['scale', 'offset', 'mean'].map((name) => g.constant(name, [4]));
    const variance = g.constant('variance', [4], (i) => 0.5 + i);
    g.node('FusedBatchNormV3', 'bn', ['dw', 'scale', 'offset', 'mean', 'variance'], { epsilon: { f: 0.001 } });
    g.node('AddV2', 'sum', ['bn', 'conv']);
    g.node('LeakyRelu', 'leaky', ['sum'], { alpha: { f: 0.1 } });
    const vector = g.constant('vector', [4]);
    g.node('Mul', 'scaled', ['leaky', 'vector']);
    g.constant('axis', [], () => 3);
    g.node('ConcatV2', 'cat', ['scaled', 'leaky', 'axis'], {});
    g.node('MaxPool', 'pool', ['cat'], { ksize: ints(1, 2, 2, 1), strides: ints(1, 2, 2, 1), padding: text('VALID') });
    g.constant('axes', [2], (i) => i + 1);
    g.node('Mean', 'gap', ['pool', 'axes'], { keep_dims: { b: true } });
    g.constant('target', [2], (i) => [-1, 8][i]!);
    g.node('Reshape', 'flat', ['gap', 'target']);
    const weight = g.constant('weight', [8, 5]);
    g.node('MatMul', 'product', ['flat', 'weight']);
    const shift = g.constant('shift', [5]);
    g.node('BiasAdd', 'biased', ['product', 'shift']);
    g.node('Softmax', 'probabilities', ['biased']);

    const random = seededRandom(9);
    const x = tf.tensor4d(
      Float32Array.from({ length: 2 * 9 * 8 * 3 }, () => random.next() * 2 - 1),
      [2, 9, 8, 3],
    );
    const conv = tf.relu6(tf.add(tf.conv2d(x, kernel as tf.Tensor4D, 2, 'same'), bias));
    const dw = tf.depthwiseConv2d(conv as tf.Tensor4D, depthwise as tf.Tensor4D, 1, 'same');
    const bn = tf.batchNorm(
      dw,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as tf.Tensor1D,
      scale as tf.Tensor1D,
      0.001,
    );
    const leaky = tf.leakyRelu(tf.add(bn, conv), 0.1);
    const pooled = tf.maxPool(tf.concat([tf.mul(leaky, vector), leaky], 3) as tf.Tensor4D, 2, 2, 'valid');
    const expected = tf.softmax(
      tf.add(tf.matMul(tf.mean(pooled, [1, 2]) as tf.Tensor2D, weight as tf.Tensor2D), shift),
    );

    const { model, outputs } = graphModelToOnnx(g.artifacts());
    assertValidModel(model);
    const [actual] = await runOnnx(model, [x]);
    expect([...actual!.dims]).toEqual([2, 5]);
    expect(relativeError(actual!.data as Float32Array, expected.dataSync())).toBeLessThanOrEqual(relativeTolerance);
    expect(outputs.get('conv')).toBe('conv');
    expect(model.graph!.node.filter((node) => node.opType === 'Transpose').length).toBe(1);
  });

  it('names the node it cannot convert', () => {
    const g = new GraphBuilder();
    g.node('Placeholder', 'x', [], { dtype: { type: 'DT_FLOAT' }, shape: shape(-1, 4) });
    g.node('Einsum', 'attention', ['x', 'x']);
    expect(() => graphModelToOnnx(g.artifacts())).toThrow('Einsum node "attention"');
  });

  it('tells graph models and layers models apart', () => {
    const g = new GraphBuilder();
    g.node('Placeholder', 'x', [], { dtype: { type: 'DT_FLOAT' }, shape: shape(-1, 4) });
    expect(() => layersModelToOnnx(g.artifacts())).toThrow('graphModelToOnnx');
    const layers = {
      modelTopology: { class_name: 'Sequential', config: [] },
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    };
    expect(() => graphModelToOnnx(layers)).toThrow('layersModelToOnnx');
  });
});

describe('weights of saved models', () => {
  const topology = {
    class_name: 'Sequential',
    config: [
      {
        class_name: 'Dense',
        config: { name: 'd', units: 2, use_bias: false, activation: 'linear', batch_input_shape: [null, 2] },
      },
    ],
  };
  const convert = (spec: object, bytes: ArrayBuffer): unknown =>
    layersModelToOnnx({
      modelTopology: topology,
      weightSpecs: [{ name: 'd/kernel', shape: [2, 2], dtype: 'float32', ...spec }],
      weightData: bytes,
    });

  it('are decoded from uint8, uint16 and float16', async () => {
    const identity = { shape: [1, 2] };
    for (const [spec, bytes, expected] of [
      [{ quantization: { dtype: 'uint8', scale: 0.5, min: -1 } }, Uint8Array.of(0, 1, 2, 3).buffer, [-1, -0.5, 0, 0.5]],
      [
        { quantization: { dtype: 'uint16', scale: 0.25, min: 1 } },
        Uint16Array.of(0, 1, 2, 3).buffer,
        [1, 1.25, 1.5, 1.75],
      ],
      [{ quantization: { dtype: 'float16' } }, Uint16Array.of(0x3c00, 0xc000, 0x3800, 0).buffer, [1, -2, 0.5, 0]],
    ] as const) {
      const { model } = convert(spec, bytes) as ReturnType<typeof layersModelToOnnx>;
      const [row] = await runOnnx(model, [tf.tensor([1, 0], identity.shape)]);
      expect([...(row!.data as Float32Array)]).toEqual(expected.slice(0, 2));
    }
  });

  it('are refused when bytes, names, shapes or parameters do not fit', () => {
    expect(() => convert({}, new ArrayBuffer(12))).toThrow('16 bytes');
    expect(() => convert({}, new ArrayBuffer(20))).toThrow('20');
    expect(() => convert({ shape: [4, 1] }, new ArrayBuffer(16))).toThrow('of shape [2,2]');
    expect(() => convert({ shape: [-2, -2] }, new ArrayBuffer(16))).toThrow('sizes ≥ 0');
    expect(() => convert({ shape: [2 ** 40, 2 ** 10] }, new ArrayBuffer(16))).toThrow('bytes up to weight');
    expect(() => convert({ name: 'e/kernel' }, new ArrayBuffer(16))).toThrow('a weight "kernel"');
    expect(() => convert({ dtype: 'complex64' }, new ArrayBuffer(32))).toThrow('complex64');
    expect(() => convert({ quantization: { dtype: 'uint8', scale: Number.NaN, min: 0 } }, new ArrayBuffer(4))).toThrow(
      'finite scale',
    );
  });
});

describe('what layersModelToOnnx refuses', () => {
  const model = (layer: object): object => ({
    modelTopology: { class_name: 'Sequential', config: [layer] },
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  });
  const refused: Readonly<Record<string, readonly [object, string]>> = {
    'an unknown layer class': [
      { class_name: 'Capsule', config: { name: 'caps', batch_input_shape: [null, 4] } },
      'layer "caps"',
    ],
    'an unknown activation': [
      { class_name: 'Activation', config: { name: 'a', activation: 'sine', batch_input_shape: [null, 4] } },
      '"sine"',
    ],
    'a model without an input shape': [{ class_name: 'Flatten', config: { name: 'f' } }, 'inputShape'],
  };
  for (const [name, [layer, message]] of Object.entries(refused)) {
    it(name, () => expect(() => layersModelToOnnx(model(layer))).toThrow(message));
  }
  it('operator sets it does not write', () => {
    expect(() => layersModelToOnnx(model({}), { opset: 12 })).toThrow('13 to 25');
  });
});
