import { integerConv2d } from '@bitwright/core';
import {
  type BinaryWeights,
  type Conv2dB1,
  conv2dB1,
  conv2dB1Async,
  conv2dB1Shape,
  packConv2dB1,
} from '@bitwright/kernels-native';
import { describe, expect, it } from 'vitest';
import { draw } from '../inference/random-codes';
import { skipped, tiers } from '../inference/tiers';

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

interface Case {
  readonly input: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
}

function randomCall(seed: number, kind: 'binary' | 'ternary', c: Case): { weights: BinaryWeights; call: Conv2dB1 } {
  const d = draw(seed);
  const input = d.float32(count(c.input));
  for (let i = 0; i < input.length; i += 7) input[i] = d.pick([0, -0, 1, -1]);
  const weight = Int8Array.from({ length: count(c.weight) }, () => d.pick([-1, 0, 1, 5, -128]));
  return {
    weights: { kind, weight, weightShape: c.weight },
    call: {
      input,
      inputShape: c.input,
      ...(c.strides && { strides: c.strides }),
      ...(c.dilations && { dilations: c.dilations }),
      ...(c.pads && { pads: c.pads }),
    },
  };
}

/** Core's integer convolution on ±1 (and 0): code 1 with zero point 0 for +1; padding other than zero is written out. */
function expected({ kind, weight, weightShape }: BinaryWeights, call: Conv2dB1): Int32Array {
  const sign = kind === 'binary' ? (w: number) => (w >= 0 ? 1 : -1) : Math.sign;
  const signs = Int8Array.from(call.input as Float32Array, (x) => (x >= 0 ? 1 : -1));
  const [n, h, w, c] = call.inputShape as [number, number, number, number];
  const fill = { zero: 0, plusOne: 1, minusOne: -1 }[call.padding ?? 'zero'];
  const [top, left, bottom, right] = call.pads ?? [0, 0, 0, 0];
  const padded = [n, h + top + bottom, w + left + right, c] as const;
  const input = new Int8Array(count(padded)).fill(fill);
  for (let i = 0; i < n * h; i++) {
    const y = i % h;
    const row = signs.subarray(i * w * c, (i + 1) * w * c);
    input.set(row, (((i - y) / h) * padded[1] + y + top) * padded[2] * c + left * c);
  }
  return integerConv2d({
    layout: 'NHWC',
    input,
    inputShape: padded,
    inputZeroPoint: 0,
    weight: Int8Array.from(weight, sign),
    weightShape,
    weightZeroPoint: 0,
    strides: call.strides ?? [1, 1],
    dilations: call.dilations ?? [1, 1],
  });
}

const cases: readonly (readonly [string, Case])[] = [
  ['single', { input: [1, 1, 1, 1], weight: [1, 1, 1, 1] }],
  ['exact_tile', { input: [1, 6, 6, 64], weight: [32, 3, 3, 64], pads: [1, 1, 1, 1] }],
  ['tile_minus_one', { input: [1, 5, 5, 63], weight: [31, 3, 3, 63], pads: [1, 1, 1, 1] }],
  ['tile_plus_one', { input: [2, 5, 5, 65], weight: [33, 3, 3, 65], pads: [1, 1, 1, 1] }],
  ['stride 2, uneven pads', { input: [1, 8, 7, 70], weight: [20, 3, 3, 70], strides: [2, 1], pads: [0, 1, 2, 1] }],
  ['dilation', { input: [1, 9, 10, 40], weight: [9, 3, 3, 40], dilations: [2, 3], pads: [2, 3, 2, 3] }],
  ['window larger than the image', { input: [1, 2, 2, 10], weight: [70, 5, 5, 10], pads: [2, 2, 2, 2] }],
  ['matrix product', { input: [1, 1, 13, 200], weight: [40, 1, 1, 200] }],
];

describe.each(tiers)('conv2dB1 on %s', (_, native) => {
  it.each(cases)('%s: sums of signs, whatever the padding', (_name, c) => {
    for (const kind of ['binary', 'ternary'] as const) {
      const { weights, call } = randomCall(3, kind, c);
      const packed = packConv2dB1(native, weights);
      for (const padding of ['zero', 'plusOne', 'minusOne'] as const) {
        const out = new Int32Array(count(conv2dB1Shape(packed, call)));
        conv2dB1(native, packed, { ...call, padding }, out);
        expect(out).toEqual(expected(weights, { ...call, padding }));
      }
    }
  });

  it.each(cases)('%s: scaled to real numbers, or thresholded to signs that the next layer reads', (_name, c) => {
    const { weights, call } = randomCall(4, 'binary', c);
    const outputs = c.weight[0];
    const packed = packConv2dB1(native, weights);
    const acc = expected(weights, call);
    const [scale, offset] = [draw(5).float32(outputs), draw(6).float32(outputs)];
    const real = new Float32Array(acc.length);
    conv2dB1(native, packed, { ...call, to: { scale, offset } }, real);
    expect(real).toEqual(
      Float32Array.from(
        acc,
        (v, i) => Math.fround(v * (scale[i % outputs] as number)) + (offset[i % outputs] as number),
      ),
    );

    const threshold = draw(7).int32(outputs, 12);
    const inverts = draw(8).uint8(Math.ceil(outputs / 8));
    const shape = conv2dB1Shape(packed, call);
    const signs = new Uint8Array(count(shape.slice(0, 3)) * Math.ceil(outputs / 64) * 8).fill(255);
    conv2dB1(native, packed, { ...call, to: { threshold, inverts } }, signs);
    const bitAt = (bytes: Uint8Array, i: number): number => ((bytes[i >> 3] as number) >> (i & 7)) & 1;
    const asReal = Float32Array.from(acc, (v, i) => {
      const o = i % outputs;
      return (v >= (threshold[o] as number) ? 1 : 0) === bitAt(inverts, o) ? -1 : 1;
    });
    const stride = Math.ceil(outputs / 64) * 64;
    expect(
      asReal.every((v, i) => bitAt(signs, Math.floor(i / outputs) * stride + (i % outputs)) === (v > 0 ? 1 : 0)),
    ).toBe(true);

    const next = packConv2dB1(native, {
      kind: 'binary',
      weight: draw(9).int8(5 * outputs),
      weightShape: [5, 1, 1, outputs],
    });
    const [fromSigns, fromReals] = [signs, asReal].map((input) => {
      const out = new Int32Array(count(shape.slice(0, 3)) * 5);
      conv2dB1(native, next, { input, inputShape: shape }, out);
      return out;
    });
    expect(fromSigns).toEqual(fromReals);
  });

  it('large enough for many tasks, and the asynchronous form', async () => {
    const { weights, call } = randomCall(10, 'binary', {
      input: [1, 24, 24, 66],
      weight: [40, 3, 3, 66],
      pads: [1, 1, 1, 1],
    });
    const packed = packConv2dB1(native, weights);
    const out = new Int32Array(576 * 40);
    await conv2dB1Async(native, packed, call, out);
    expect(out).toEqual(expected(weights, call));
  });
});

describe.each(tiers.slice(0, 1))('conv2dB1 on %s', (_, native) => {
  const { weights, call } = randomCall(1, 'binary', { input: [1, 3, 3, 4], weight: [2, 3, 3, 4] });
  const packed = packConv2dB1(native, weights);

  it.each([
    [
      'a weight shape of three axes',
      () => packConv2dB1(native, { ...weights, weightShape: [2, 9, 4] }),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'another number of channels',
      () => conv2dB1(native, packed, { ...call, inputShape: [1, 3, 4, 3] }, new Int32Array(2)),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'signs of another length',
      () => conv2dB1(native, packed, { ...call, input: new Uint8Array(9) }, new Int32Array(2)),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'an unknown padding',
      () => conv2dB1(native, packed, { ...call, padding: 'two' as 'zero' }, new Int32Array(2)),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'a float output without a scale',
      () => conv2dB1(native, packed, call, new Float32Array(2)),
      'ERR_INVALID_ARGUMENT',
    ],
  ])('refuses %s', (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

it.skipIf(tiers.length === 0)(`ran on an instruction set of this machine${skipped}`, () => {
  expect(tiers.map(([name]) => name)).not.toHaveLength(0);
});
