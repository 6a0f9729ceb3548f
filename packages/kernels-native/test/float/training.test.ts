import { describe, expect, it } from 'vitest';
import {
  adamF32,
  avgPoolBackwardF32,
  avgPoolF32,
  batchNormBackwardF32,
  batchNormInferF32,
  batchNormTrainF32,
  logSoftmaxBackwardF32,
  logSoftmaxF32,
  maxPoolBackwardF32,
  maxPoolF32,
  momentumF32,
  sgdF32,
  softmaxBackwardF32,
  softmaxCrossEntropyF32,
  softmaxF32,
} from '../../src/index';
import { nativeBackends } from '../native-contexts';
import { count, finiteDifferences, forWindows, random, worstError } from './reference';

const { backends, skipped } = nativeBackends();

/** Float32 results against float64 differences with a step of 1e-4: what both lose together. */
const gradientTolerance = 2e-4;
/** A handful of roundings of numbers around 1. */
const tolerance = 1e-5;

const dot = (u: ArrayLike<number>, v: ArrayLike<number>): number =>
  Array.from(u).reduce((sum, x, i) => sum + x * (v[i] as number), 0);

/** Batch normalization with batch statistics in float64: [rows, channels]. */
function normalize(
  x: ArrayLike<number>,
  channels: number,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  epsilon: number,
): number[] {
  const rows = x.length / channels;
  const values = Array.from(x);
  const column = (c: number): number[] => values.filter((_, i) => i % channels === c);
  const mean = Array.from({ length: channels }, (_, c) => column(c).reduce((a, b) => a + b, 0) / rows);
  const variance = mean.map((m, c) => column(c).reduce((sum, v) => sum + (v - m) ** 2, 0) / rows);
  return values.map((v, i) => {
    const c = i % channels;
    const scale = (gamma[c] as number) / Math.sqrt((variance[c] as number) + epsilon);
    return (v - (mean[c] as number)) * scale + (beta[c] as number);
  });
}

function softmax(x: ArrayLike<number>): number[] {
  const e = Array.from(x, Math.exp);
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

describe.each(backends.map((native) => [native.isa, native] as const))('training kernels on %s', (_, native) => {
  it('normalizes batches; gradients agree with finite differences', () => {
    for (const [rows, channels] of [
      [7, 3],
      [33, 5],
      [9, 19],
    ] as const) {
      const r = random(rows);
      const shape = { rows, channels, epsilon: 1e-3 };
      const [x, dy] = [r.floats(rows * channels), r.floats(rows * channels)];
      const [gamma, beta] = [r.floats(channels), r.floats(channels)];
      const [mean, variance] = [new Float32Array(channels), new Float32Array(channels)];
      const y = new Float32Array(x.length);
      batchNormTrainF32(native, shape, x, gamma, beta, { y, mean, variance });
      expect(worstError(y, normalize(x, channels, gamma, beta, shape.epsilon))).toBeLessThan(tolerance);
      const again = new Float32Array(x.length);
      batchNormInferF32(native, shape, x, mean, variance, gamma, beta, again, { activation: 'relu' });
      expect(again).toEqual(y.map((v) => Math.max(v, 0)));

      const dx = new Float32Array(x.length);
      const [dgamma, dbeta] = [new Float32Array(channels), new Float32Array(channels)];
      batchNormBackwardF32(native, shape, dy, x, mean, variance, gamma, { dx, dgamma, dbeta });
      const loss = (xs: ArrayLike<number>, g: ArrayLike<number>, b: ArrayLike<number>): number =>
        dot(normalize(xs, channels, g, b, shape.epsilon), dy);
      expect(
        worstError(
          dx,
          finiteDifferences((p) => loss(p, gamma, beta), x),
        ),
      ).toBeLessThan(gradientTolerance);
      expect(
        worstError(
          dgamma,
          finiteDifferences((p) => loss(x, p, beta), gamma),
        ),
      ).toBeLessThan(gradientTolerance);
      expect(
        worstError(
          dbeta,
          finiteDifferences((p) => loss(x, gamma, p), beta),
        ),
      ).toBeLessThan(gradientTolerance);

      // With y: the gradient of ReLU is taken first, so it equals that of the masked dy. In place on dy.
      const masked = dy.map((g, i) => ((y[i] as number) > 0 ? g : 0));
      const [expected, actual] = [new Float32Array(x.length), dy.slice()];
      batchNormBackwardF32(native, shape, masked, x, mean, variance, gamma, { dx: expected });
      batchNormBackwardF32(native, shape, actual, x, mean, variance, gamma, { dx: actual }, { y });
      expect(actual).toEqual(expected);
    }
  });

  it('softmax, its logarithm and cross entropy; gradients agree with finite differences', () => {
    for (const columns of [1, 2, 10, 37]) {
      const r = random(columns);
      const shape = { rows: 1, columns };
      const [x, dy, labels] = [r.floats(columns), r.floats(columns), r.floats(columns).map(Math.abs)];
      const [y, logY, dx] = [0, 0, 0].map(() => new Float32Array(columns)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      softmaxF32(native, shape, x, y);
      expect(worstError(y, softmax(x))).toBeLessThan(tolerance);
      softmaxBackwardF32(native, shape, dy, y, dx);
      expect(
        worstError(
          dx,
          finiteDifferences((p) => dot(softmax(p), dy), x),
        ),
      ).toBeLessThan(gradientTolerance);
      logSoftmaxF32(native, shape, x, logY);
      expect(worstError(logY, softmax(x).map(Math.log))).toBeLessThan(tolerance);
      logSoftmaxBackwardF32(native, shape, dy, logY, dx);
      const logLoss = (p: ArrayLike<number>): number => dot(softmax(p).map(Math.log), dy);
      expect(worstError(dx, finiteDifferences(logLoss, x))).toBeLessThan(gradientTolerance);
      const loss = new Float32Array(1);
      softmaxCrossEntropyF32(native, shape, x, labels, { loss, dlogits: dx });
      const entropy = (p: ArrayLike<number>): number => -dot(softmax(p).map(Math.log), labels);
      expect(worstError(loss, [entropy(x)])).toBeLessThan(tolerance);
      expect(worstError(dx, finiteDifferences(entropy, x))).toBeLessThan(gradientTolerance);
    }
  });

  it('pools forward and backward like the definition; the first of equal maxima wins', () => {
    for (let seed = 0; seed < 20; seed++) {
      const r = random(seed);
      const [inHeight, inWidth, channels] = [r.integer(1, 8), r.integer(1, 8), r.integer(1, 21)];
      const shape = {
        batch: r.integer(1, 3),
        inHeight,
        inWidth,
        channels,
        outHeight: r.integer(1, inHeight),
        outWidth: r.integer(1, inWidth),
        windowHeight: r.integer(1, 3),
        windowWidth: r.integer(1, 3),
        strideHeight: r.integer(1, 2),
        strideWidth: r.integer(1, 2),
        dilationHeight: r.integer(1, 2),
        dilationWidth: r.integer(1, 2),
        padTop: r.integer(0, 1),
        padLeft: r.integer(0, 1),
      };
      const x = r.floats(count([shape.batch, inHeight, inWidth, channels])).map((v) => Math.round(v) + 0);
      const windows = shape.batch * shape.outHeight * shape.outWidth;
      const dy = r.floats(windows * channels);
      const cells = Array.from({ length: windows }, () => [] as number[]);
      forWindows(shape, (pixel, window) => cells[window]?.push(pixel));
      const [max, mean] = [new Float64Array(dy.length), new Float64Array(dy.length)];
      const [dmax, dmean] = [new Float64Array(x.length), new Float64Array(x.length)];
      dy.forEach((gradient, i) => {
        const c = i % channels;
        const positions = (cells[Math.floor(i / channels)] as number[]).map((pixel) => pixel * channels + c);
        const values = positions.map((at) => x[at] as number);
        max[i] = Math.max(...values);
        mean[i] = values.length === 0 ? 0 : values.reduce((s, v) => s + v, 0) / values.length;
        const winner = positions[values.indexOf(max[i] as number)];
        if (winner !== undefined) dmax[winner] = (dmax[winner] as number) + gradient;
        for (const at of positions) dmean[at] = (dmean[at] as number) + gradient / values.length;
      });
      const y = new Float32Array(dy.length);
      const dx = new Float32Array(x.length);
      maxPoolF32(native, shape, x, y);
      expect([...y]).toEqual([...max]);
      maxPoolBackwardF32(native, shape, dy, x, y, dx);
      expect(worstError(dx, dmax)).toBeLessThan(tolerance);
      avgPoolF32(native, shape, x, y);
      expect(worstError(y, mean)).toBeLessThan(tolerance);
      avgPoolBackwardF32(native, shape, dy, dx);
      expect(worstError(dx, dmean)).toBeLessThan(tolerance);
    }
  });

  it('steps as the optimizers are defined', () => {
    const r = random(9);
    const n = 37;
    const [g, w, m] = [r.floats(n), r.floats(n), r.floats(n)];
    const v = r.floats(n).map(Math.abs);
    const at = (values: Float32Array, i: number): number => values[i] as number;

    const sgd = w.slice();
    sgdF32(native, { learningRate: 0.1 }, g, sgd);
    expect(
      worstError(
        sgd,
        w.map((x, i) => x - 0.1 * at(g, i)),
      ),
    ).toBeLessThan(tolerance);

    for (const useNesterov of [false, true]) {
      const [variable, accumulation] = [w.slice(), m.slice()];
      momentumF32(native, { learningRate: 0.1, momentum: 0.9, useNesterov }, g, accumulation, variable);
      const sum = Float64Array.from(m, (x, i) => 0.9 * x + at(g, i));
      const step = sum.map((s, i) => (useNesterov ? at(g, i) + 0.9 * s : s));
      expect(worstError(accumulation, sum)).toBeLessThan(tolerance);
      expect(
        worstError(
          variable,
          step.map((s, i) => at(w, i) - 0.1 * s),
        ),
      ).toBeLessThan(tolerance);
    }

    const [variable, first, second] = [w.slice(), m.slice(), v.slice()];
    const rule = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    adamF32(native, { ...rule, accumulatedBeta1: 0.9 ** 3, accumulatedBeta2: 0.999 ** 3 }, g, first, second, variable);
    const expected = Float64Array.from(w, (x, i) => {
      const mean = (0.9 * at(m, i) + 0.1 * at(g, i)) / (1 - 0.9 ** 3);
      const square = (0.999 * at(v, i) + 0.001 * at(g, i) ** 2) / (1 - 0.999 ** 3);
      return x - (0.01 * mean) / (Math.sqrt(square) + 1e-7);
    });
    expect(worstError(variable, expected)).toBeLessThan(tolerance);
  });
});

it.skipIf(backends.length === 0)(`ran on an instruction set of this machine${skipped}`, () => {
  expect(backends).not.toHaveLength(0);
});
