import { seededRandom } from '@bitwright/core';
import { assertValidModel } from '@bitwright/onnx';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { graphModelToOnnx } from '../../src/index';
import { relativeError, relativeTolerance, runOnnx } from './compare';
import { GraphBuilder, ints, shape, text, texts } from './graph-builder';

/** A graph on the input `x`, and the same in operators of TensorFlow.js. */
interface Graph {
  readonly sizes: readonly number[];
  build(g: GraphBuilder): (x: tf.Tensor) => tf.Tensor;
}

const window = (stride: number, padding: string) => ({ strides: ints(1, stride, stride, 1), padding: text(padding) });

const graphs: Readonly<Record<string, Graph>> = {
  'a perceptron': {
    sizes: [2, 6],
    build(g) {
      const [w1, b1, w2, b2] = [
        g.constant('w1', [6, 8]),
        g.constant('b1', [8]),
        g.constant('w2', [5, 8]),
        g.constant('b2', [5]),
      ];
      g.node('_FusedMatMul', 'hidden', ['x', 'w1', 'b1'], { fused_ops: texts('BiasAdd', 'Relu') });
      g.node('MatMul', 'product', ['hidden', 'w2'], { transpose_b: { b: true } });
      g.node('BiasAdd', 'logits', ['product', 'b2']);
      g.node('LogSoftmax', 'y', ['logits']);
      return (x) => {
        const hidden = tf.relu(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1));
        return tf.logSoftmax(tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D, false, true), b2));
      };
    },
  },
  'convolution, pool, two resizes and a skip': {
    sizes: [2, 8, 6, 3],
    build(g) {
      const [k, k2] = [g.constant('k', [3, 3, 3, 4]), g.constant('k2', [1, 1, 4, 4])];
      g.node('Conv2D', 'c', ['x', 'k'], { ...window(1, 'SAME'), data_format: text('NHWC') });
      g.node('Tanh', 't', ['c']);
      g.node('AvgPool', 'p', ['t'], { ksize: ints(1, 2, 2, 1), ...window(2, 'VALID') });
      g.node('_FusedConv2D', 'd', ['p', 'k2'], { ...window(1, 'VALID'), fused_ops: texts('Elu') });
      g.constant('size', [2], (i) => [8, 6][i]!);
      g.node('ResizeNearestNeighbor', 'n', ['d', 'size'], {});
      g.node('Maximum', 'm', ['n', 't']);
      g.constant('axis', [], () => -1);
      g.node('ConcatV2', 'y', ['m', 'n', 'axis']);
      return (x) => {
        const t = tf.tanh(tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, 'same'));
        const d = tf.elu(tf.conv2d(tf.avgPool(t as tf.Tensor4D, 2, 2, 'valid'), k2 as tf.Tensor4D, 1, 'valid'));
        const n = tf.image.resizeNearestNeighbor(d as tf.Tensor4D, [8, 6]);
        return tf.concat([tf.maximum(n, t), n], 3);
      };
    },
  },
  'padding, a stride and the largest of every channel': {
    sizes: [1, 9, 9, 2],
    build(g) {
      const k = g.constant('k', [3, 3, 2, 5]);
      const b = g.constant('b', [5]);
      g.constant('pads', [4, 2], (i) => [0, 0, 1, 2, 0, 1, 0, 0][i]!);
      g.constant('filler', [], () => -0.5);
      g.node('PadV2', 'padded', ['x', 'pads', 'filler']);
      g.node('_FusedConv2D', 'c', ['padded', 'k', 'b'], {
        ...window(2, 'VALID'),
        fused_ops: texts('BiasAdd', 'Relu6'),
      });
      g.constant('axes', [2], (i) => i + 1);
      g.node('Max', 'm', ['c', 'axes'], { keep_dims: { b: true } });
      g.node('Squeeze', 'y', ['m'], { squeeze_dims: ints(1, 2) });
      return (x) => {
        const padded = tf.pad(
          x as tf.Tensor4D,
          [
            [0, 0],
            [1, 2],
            [0, 1],
            [0, 0],
          ],
          -0.5,
        );
        const c = tf.relu6(tf.add(tf.conv2d(padded, k as tf.Tensor4D, 2, 'valid'), b));
        return tf.max(c, [1, 2]);
      };
    },
  },
  'depthwise convolutions with slopes and a sum of three': {
    sizes: [2, 7, 7, 4],
    build(g) {
      const [k, b] = [g.constant('k', [3, 3, 4, 1]), g.constant('b', [4])];
      const slope = g.constant('slope', [4]);
      g.node('FusedDepthwiseConv2dNative', 'd', ['x', 'k', 'b'], { ...window(1, 'SAME'), fused_ops: texts('BiasAdd') });
      g.node('Prelu', 'p', ['d', 'slope']);
      g.node('Softplus', 's', ['p']);
      g.node('AddN', 'sum', ['x', 'p', 's']);
      g.constant('order', [4], (i) => [0, 3, 1, 2][i]!);
      g.node('Transpose', 'y', ['sum', 'order']);
      return (x) => {
        const d = tf.add(tf.depthwiseConv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, 'same'), b);
        const p = tf.prelu(d, slope);
        return tf.transpose(tf.addN([x, p, tf.softplus(p)]), [0, 3, 1, 2]);
      };
    },
  },
  'normalization by constants of every form, and functions': {
    sizes: [3, 5, 4, 3],
    build(g) {
      const [mean, deviation, map] = [
        g.constant('mean', [3]),
        g.constant('deviation', [1, 1, 1, 3], (i) => 1 + i),
        g.constant('map', [5, 4, 1]),
      ];
      g.constant('half', [], () => 0.5);
      g.node('Sub', 'centred', ['x', 'mean']);
      g.node('RealDiv', 'unit', ['centred', 'deviation']);
      g.node('Mul', 'weighed', ['map', 'unit']);
      g.node('Exp', 'power', ['weighed']);
      g.node('Sub', 'one', ['half', 'power']);
      g.node('Abs', 'size', ['one']);
      g.node('Sqrt', 'root', ['size']);
      g.node('Identity', 'y', ['root']);
      return (x) => {
        const weighed = tf.mul(map, tf.div(tf.sub(x, mean), deviation));
        return tf.sqrt(tf.abs(tf.sub(0.5, tf.exp(weighed))));
      };
    },
  },
  'a bilinear enlargement and a normalization': {
    sizes: [1, 4, 5, 2],
    build(g) {
      const [scale, offset, average] = ['scale', 'offset', 'average'].map((name) => g.constant(name, [2]));
      const variance = g.constant('variance', [2], (i) => 0.5 + i);
      g.constant('size', [2], (i) => [8, 10][i]!);
      g.node('FusedBatchNormV3', 'bn', ['x', 'scale', 'offset', 'average', 'variance'], { epsilon: { f: 0.01 } });
      g.node('Sigmoid', 's', ['bn']);
      g.node('ResizeBilinear', 'y', ['s', 'size'], {});
      return (x) => {
        const one = (t: tf.Tensor | undefined) => t as tf.Tensor1D;
        const bn = tf.batchNorm(x as tf.Tensor4D, one(average), one(variance), one(offset), one(scale), 0.01);
        return tf.image.resizeBilinear(tf.sigmoid(bn) as tf.Tensor4D, [8, 10]);
      };
    },
  },
};

describe.each(Object.entries(graphs))('graph model: %s', (_, { sizes, build }) => {
  it('gives onnxruntime the outputs of TensorFlow.js', async () => {
    const g = new GraphBuilder();
    g.node('Placeholder', 'x', [], { dtype: { type: 'DT_FLOAT' }, shape: shape(-1, ...sizes.slice(1)) });
    const compute = build(g);
    const random = seededRandom(9);
    const count = sizes.reduce((a, b) => a * b, 1);
    const x = tf.tensor(
      Float32Array.from({ length: count }, () => random.next() * 2 - 1),
      [...sizes],
    );
    const expected = compute(x);
    const { model } = graphModelToOnnx(g.artifacts());
    assertValidModel(model);
    const [actual] = await runOnnx(model, [x]);
    expect([...actual!.dims]).toEqual(expected.shape);
    expect(relativeError(actual!.data as Float32Array, expected.dataSync())).toBeLessThanOrEqual(relativeTolerance);
  });
});

describe('graph models are refused', () => {
  const refused: Readonly<Record<string, readonly [(g: GraphBuilder) => unknown, string]>> = {
    'a transposed left operand': [
      (g) => {
        g.constant('w', [4, 4]);
        return g.node('MatMul', 'y', ['x', 'w'], { transpose_a: { b: true } });
      },
      'MatMul node "y"',
    ],
    'a constant per sample': [
      (g) => {
        g.constant('k', [2, 4]);
        return g.node('AddV2', 'y', ['x', 'k']);
      },
      'AddV2 node "y"',
    ],
    'channels first': [
      (g) => {
        g.constant('k', [1, 1, 4, 4]);
        return g.node('Conv2D', 'y', ['x', 'k'], { ...window(1, 'SAME'), data_format: text('NCHW') });
      },
      'data_format NHWC',
    ],
    'a computed kernel': [(g) => g.node('MatMul', 'y', ['x', 'x']), 'a constant right operand'],
  };
  it.each(Object.entries(refused))('%s', (_, [build, message]) => {
    const g = new GraphBuilder();
    g.node('Placeholder', 'x', [], { dtype: { type: 'DT_FLOAT' }, shape: shape(-1, 4) });
    build(g);
    expect(() => graphModelToOnnx(g.artifacts())).toThrow(message);
  });
});
