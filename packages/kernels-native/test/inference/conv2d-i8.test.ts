import { type IntegerConv2d, integerConv2d, integerConv2dShape, perAxis, requantize } from '@bitwright/core';
import { type Codes, conv2dI8, conv2dI8Async, conv2dI8Shape, packConv2dI8 } from '@bitwright/kernels-native';
import { describe, expect, it } from 'vitest';
import { draw } from './random-codes';
import { skipped, tiers } from './tiers';

interface Case {
  readonly input: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
  readonly groups?: number;
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function randomCall(seed: number, c: Case): IntegerConv2d & { readonly input: Codes; readonly weight: Codes } {
  const d = draw(seed);
  const input = d.codes(count(c.input));
  const weight = d.codes(count(c.weight));
  const zeroPointOf = (codes: Codes): number => (codes instanceof Int8Array ? d.integer(-128, 127) : d.integer(0, 255));
  const outputs = c.weight[0];
  return {
    layout: 'NHWC',
    input,
    inputShape: c.input,
    inputZeroPoint: zeroPointOf(input),
    weight,
    weightShape: c.weight,
    weightZeroPoint: d.pick([
      weight instanceof Int8Array ? 0 : 128,
      Int32Array.from({ length: outputs }, () => zeroPointOf(weight)),
    ]),
    bias: d.int32(outputs, 20_000),
    ...(c.strides && { strides: c.strides }),
    ...(c.dilations && { dilations: c.dilations }),
    ...(c.pads && { pads: c.pads }),
    ...(c.groups && { groups: c.groups }),
  };
}

const cases: readonly (readonly [string, Case])[] = [
  ['single', { input: [1, 1, 1, 1], weight: [1, 1, 1, 1] }],
  ['1x1', { input: [2, 5, 7, 16], weight: [65, 1, 1, 16] }],
  ['1x1, stride 2', { input: [1, 9, 8, 13], weight: [17, 1, 1, 13], strides: [2, 2] }],
  ['3x3, padded', { input: [2, 7, 6, 16], weight: [32, 3, 3, 16], pads: [1, 1, 1, 1] }],
  ['3x3, stride 2, uneven pads', { input: [1, 8, 9, 5], weight: [18, 3, 3, 5], strides: [2, 1], pads: [0, 1, 2, 1] }],
  ['3x3, dilation', { input: [1, 11, 12, 6], weight: [7, 3, 3, 6], dilations: [2, 3], pads: [2, 3, 2, 3] }],
  [
    '7x7, three channels, stride 2',
    { input: [1, 21, 23, 3], weight: [64, 7, 7, 3], strides: [2, 2], pads: [3, 3, 3, 3] },
  ],
  ['groups', { input: [1, 6, 5, 12], weight: [18, 3, 3, 4], groups: 3, pads: [1, 1, 1, 1] }],
  ['depthwise as groups', { input: [1, 5, 5, 9], weight: [18, 3, 3, 1], groups: 9, pads: [1, 1, 1, 1] }],
  ['window larger than the image', { input: [1, 2, 2, 4], weight: [3, 5, 5, 4], pads: [2, 2, 2, 2] }],
  ['1x5, one-sided pads', { input: [1, 3, 9, 7], weight: [5, 1, 5, 7], pads: [0, 4, 0, 0] }],
];

describe.each(tiers)('conv2dI8 on %s', (_, native) => {
  it.each(cases)('%s: accumulators are bit-equal to the reference', (_name, c) => {
    for (let seed = 0; seed < 4; seed++) {
      const call = randomCall(seed, c);
      const packed = packConv2dI8(native, call);
      expect(conv2dI8Shape(packed, call)).toEqual(integerConv2dShape(call));
      const out = new Int32Array(count(integerConv2dShape(call)));
      conv2dI8(native, packed, call, out);
      expect(out).toEqual(integerConv2d(call));
    }
  });

  it('random geometries: codes are bit-equal to the reference', () => {
    const d = draw(99);
    for (let i = 0; i < 30; i++) {
      const kernel = [d.integer(1, 4), d.integer(1, 4)] as const;
      const groups = d.pick([1, 1, 1, 2, 3]);
      const channels = d.integer(1, 11);
      const outputs = groups * d.integer(1, 40);
      const call = randomCall(500 + i, {
        input: [d.integer(1, 2), d.integer(4, 10), d.integer(4, 10), channels * groups],
        weight: [outputs, ...kernel, channels],
        groups,
        strides: [d.integer(1, 3), d.integer(1, 3)],
        pads: [
          d.integer(0, kernel[0] - 1),
          d.integer(0, kernel[1] - 1),
          d.integer(0, kernel[0] - 1),
          d.integer(0, kernel[1] - 1),
        ],
      });
      const shape = integerConv2dShape(call);
      const multiplier = d.multipliers(outputs, 100_000);
      const to = { multiplier, zeroPoint: d.integer(0, 255), qmin: 3, qmax: 240 };
      const out = new Uint8Array(count(shape));
      conv2dI8(native, packConv2dI8(native, call), { ...call, to }, out);
      const expected = requantize(
        { acc: integerConv2d(call), shape, granularity: perAxis(3), ...to },
        new Uint8Array(out.length),
      );
      expect(out).toEqual(expected);
    }
  });

  it('large enough for many tasks: bit-equal', () => {
    const call = randomCall(1, { input: [1, 40, 40, 12], weight: [80, 3, 3, 12], pads: [1, 1, 1, 1] });
    const out = new Int32Array(1600 * 80);
    conv2dI8(native, packConv2dI8(native, call), call, out);
    expect(out).toEqual(integerConv2d(call));
  });

  it('the asynchronous form gives the same', async () => {
    const call = randomCall(2, { input: [1, 6, 6, 4], weight: [8, 3, 3, 4] });
    const out = new Int32Array(16 * 8);
    await conv2dI8Async(native, packConv2dI8(native, call), call, out);
    expect(out).toEqual(integerConv2d(call));
  });
});

describe.each(tiers.slice(0, 1))('conv2dI8 on %s', (_, native) => {
  const packed = packConv2dI8(native, { weight: new Int8Array(2 * 9 * 3), weightShape: [2, 3, 3, 3] });
  const call = { input: new Uint8Array(48), inputShape: [1, 4, 4, 3], inputZeroPoint: 0 };

  it.each([
    [
      'another number of channels',
      () => conv2dI8(native, packed, { ...call, inputShape: [1, 4, 3, 4] }, new Int32Array(4)),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'a shape of three axes',
      () => conv2dI8(native, packed, { ...call, inputShape: [4, 4, 3] }, new Int32Array(8)),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'pads as large as the window',
      () => conv2dI8(native, packed, { ...call, pads: [3, 0, 0, 0] }, new Int32Array(8)),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'stride 0',
      () => conv2dI8(native, packed, { ...call, strides: [0, 1] }, new Int32Array(8)),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'an output that overlaps its input',
      () =>
        conv2dI8(
          native,
          packed,
          { ...call, to: { multiplier: new Float32Array(2), zeroPoint: 0, qmin: 0, qmax: 9 } },
          call.input.subarray(0, 8),
        ),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'groups that do not divide the outputs',
      () => packConv2dI8(native, { weight: new Int8Array(27), weightShape: [3, 3, 3, 1], groups: 2 }),
      'ERR_SHAPE_MISMATCH',
    ],
  ])('refuses %s', (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

it.skipIf(tiers.length === 0)(`ran on an instruction set of this machine${skipped}`, () => {
  expect(tiers.map(([name]) => name)).not.toHaveLength(0);
});
