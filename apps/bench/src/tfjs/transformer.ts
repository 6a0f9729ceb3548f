import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow';
import type { Workload } from './workload';

const batch = 8;
const length = 128;
const width = 256;
const heads = 4;
const hidden = 4 * width;

export const transformerWorkloads: readonly Workload[] = [
  {
    name: 'transformer-train',
    description: `one pre-norm transformer block (width ${width}, ${heads} heads, ${length} tokens, batch ${batch}) in tfjs-core: one training step of Adam`,
    isQuick: false,
    prepare: (tf) => {
      const parameters = makeParameters(tf);
      const optimizer = tf.train.adam(1e-3);
      const x = tf.randomNormal([batch, length, width], 0, 1, 'float32', 1);
      const target = tf.randomNormal([batch, length, width], 0, 1, 'float32', 2);
      return async () => {
        const loss = optimizer.minimize(
          () => tf.mean(tf.square(tf.sub(block(tf, x, parameters), target))) as Scalar,
          true,
          Object.values(parameters),
        );
        await loss?.data();
        loss?.dispose();
      };
    },
  },
];

// — internals —

/** [width, columns] each. */
const matrices = { query: width, key: width, value: width, output: width, expand: hidden } as const;

type Parameters = Record<keyof typeof matrices | 'contract' | 'scale1' | 'shift1' | 'scale2' | 'shift2', Variable>;

function makeParameters(tf: TensorFlow): Parameters {
  const random = (shape: number[], seed: number): Variable =>
    tf.variable(tf.randomNormal(shape, 0, 1 / Math.sqrt(shape[0] ?? 1), 'float32', seed));
  const constant = (value: number): Variable => tf.variable(tf.tensor1d(new Array<number>(width).fill(value)));
  return {
    query: random([width, width], 11),
    key: random([width, width], 12),
    value: random([width, width], 13),
    output: random([width, width], 14),
    expand: random([width, hidden], 15),
    contract: random([hidden, width], 16),
    scale1: constant(1),
    shift1: constant(0),
    scale2: constant(1),
    shift2: constant(0),
  };
}

/** x + attention(norm(x)), then + feed-forward(norm(…)): Vaswani et al. 2017, arXiv:1706.03762, with norms first. */
function block(tf: TensorFlow, x: Tensor, p: Parameters): Tensor {
  const attended = tf.add(x, attention(tf, normalize(tf, x, p.scale1, p.shift1), p));
  return tf.add(attended, feedForward(tf, normalize(tf, attended, p.scale2, p.shift2), p));
}

function normalize(tf: TensorFlow, x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), scale), shift);
}

function project(tf: TensorFlow, x: Tensor, matrix: Tensor): Tensor {
  const rows = tf.reshape(x, [batch * length, -1]);
  return tf.reshape(tf.matMul(rows, matrix), [batch, length, -1]);
}

function attention(tf: TensorFlow, x: Tensor, p: Parameters): Tensor {
  const split = (matrix: Tensor): Tensor =>
    tf.transpose(tf.reshape(project(tf, x, matrix), [batch, length, heads, width / heads]), [0, 2, 1, 3]);
  const scores = tf.mul(tf.matMul(split(p.query), split(p.key), false, true), Math.sqrt(heads / width));
  const mixed = tf.matMul(tf.softmax(scores), split(p.value));
  return project(tf, tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, length, width]), p.output);
}

/** GELU between two products: x · (1 + erf(x / √2)) / 2. */
function feedForward(tf: TensorFlow, x: Tensor, p: Parameters): Tensor {
  const wide = project(tf, x, p.expand);
  const activated = tf.mul(tf.mul(wide, 0.5), tf.add(tf.erf(tf.mul(wide, Math.SQRT1_2)), 1));
  return project(tf, activated, p.contract);
}
