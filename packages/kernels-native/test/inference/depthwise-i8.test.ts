import { type IntegerConv2d, integerConv2d, integerConv2dShape, perAxis, requantize } from '@bitwright/core';
import {
  type Codes,
  type DepthwiseI8,
  depthwiseI8,
  depthwiseI8Async,
  depthwiseI8Shape,
  packDepthwiseI8,
} from '@bitwright/kernels-native';
import { describe, expect, it } from 'vitest';
import { draw } from './random-codes';
import { skipped, tiers } from './tiers';

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

interface Case {
  readonly input: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
}

/** A call, and the same as a grouped convolution of the reference. */
function randomCall(seed: number, c: Case): { weight: Int8Array; call: DepthwiseI8; reference: IntegerConv2d } {
  const d = draw(seed);
  const channels = c.input[3];
  const input = d.codes(count(c.input));
  const weight = d.int8(channels * count(c.kernel));
  const inputZeroPoint = input instanceof Int8Array ? d.integer(-128, 127) : d.integer(0, 255);
  const bias = d.int32(channels, 5000);
  const window = {
    ...(c.strides && { strides: c.strides }),
    ...(c.dilations && { dilations: c.dilations }),
    ...(c.pads && { pads: c.pads }),
  };
  const to = { multiplier: d.multipliers(channels, 50_000), zeroPoint: d.integer(-20, 20), qmin: -100, qmax: 120 };
  const call = { input, inputShape: c.input, inputZeroPoint, bias, to, ...window };
  const weightShape = [channels, ...c.kernel, 1];
  const reference = {
    ...window,
    layout: 'NHWC' as const,
    input,
    inputShape: c.input,
    inputZeroPoint,
    weight,
    weightShape,
    weightZeroPoint: 0,
    bias,
    groups: channels,
  };
  return { weight, call, reference };
}

function expected(call: DepthwiseI8, reference: IntegerConv2d): Int8Array {
  const shape = integerConv2dShape(reference);
  return requantize(
    { acc: integerConv2d(reference), shape, granularity: perAxis(3), ...call.to, method: 'float' },
    new Int8Array(count(shape)),
  ) as Int8Array;
}

const cases: readonly (readonly [string, Case])[] = [
  ['single', { input: [1, 1, 1, 1], kernel: [1, 1] }],
  ['exact_tile', { input: [1, 6, 6, 64], kernel: [3, 3], pads: [1, 1, 1, 1] }],
  ['tile_minus_one', { input: [1, 6, 6, 63], kernel: [3, 3], pads: [1, 1, 1, 1] }],
  ['tile_plus_one', { input: [2, 6, 6, 65], kernel: [3, 3], pads: [1, 1, 1, 1] }],
  ['stride 2', { input: [1, 9, 8, 96], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['stride 2, no pads', { input: [1, 9, 8, 20], kernel: [3, 3], strides: [2, 2] }],
  ['stride 3', { input: [1, 9, 8, 20], kernel: [3, 3], strides: [3, 3], pads: [2, 2, 2, 2] }],
  ['5x5', { input: [1, 8, 9, 40], kernel: [5, 5], pads: [2, 2, 2, 2] }],
  ['7x2, dilation', { input: [1, 16, 9, 33], kernel: [7, 2], dilations: [2, 3], pads: [6, 0, 6, 3] }],
  ['one column', { input: [1, 7, 1, 130], kernel: [3, 3], pads: [1, 1, 1, 1] }],
];

describe.each(tiers)('depthwiseI8 on %s', (_, native) => {
  it.each(cases)('%s: codes are bit-equal to the reference', (_name, c) => {
    for (let seed = 0; seed < 4; seed++) {
      const { weight, call, reference } = randomCall(seed, c);
      const packed = packDepthwiseI8(native, { weight, weightShape: [c.input[3], ...c.kernel] });
      expect(depthwiseI8Shape(packed, call)).toEqual(integerConv2dShape(reference));
      const out = new Int8Array(count(depthwiseI8Shape(packed, call)));
      depthwiseI8(native, packed, call, out);
      expect(out).toEqual(expected(call, reference));
    }
  });

  it('extreme codes, weights and zero points do not saturate on the way', () => {
    for (const code of [0, 255]) {
      for (const tap of [-128, 127]) {
        for (const inputZeroPoint of [0, 255]) {
          const { call, reference } = randomCall(1, { input: [1, 4, 4, 40], kernel: [3, 3], pads: [1, 1, 1, 1] });
          const input = new Uint8Array(640).fill(code);
          const weight = new Int8Array(360).fill(tap);
          const packed = packDepthwiseI8(native, { weight, weightShape: [40, 3, 3] });
          const out = new Int8Array(640);
          depthwiseI8(native, packed, { ...call, input, inputZeroPoint }, out);
          expect(out).toEqual(expected(call, { ...reference, input, weight, inputZeroPoint }));
        }
      }
    }
  });

  it('the asynchronous form gives the same', async () => {
    const { weight, call, reference } = randomCall(5, { input: [1, 30, 30, 70], kernel: [3, 3] });
    const packed = packDepthwiseI8(native, { weight, weightShape: [70, 3, 3] });
    const out = new Int8Array(28 * 28 * 70);
    await depthwiseI8Async(native, packed, call, out);
    expect(out).toEqual(expected(call, reference));
  });
});

describe.each(tiers.slice(0, 1))('depthwiseI8 on %s', (_, native) => {
  const packed = packDepthwiseI8(native, { weight: new Int8Array(18), weightShape: [2, 3, 3] });
  const { call } = randomCall(0, { input: [1, 4, 4, 2], kernel: [3, 3] });
  const out: Codes = new Int8Array(8);

  it.each([
    [
      'another number of channels',
      () => depthwiseI8(native, packed, { ...call, inputShape: [1, 2, 4, 4] }, out),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'filters of another shape',
      () => packDepthwiseI8(native, { weight: new Int8Array(18), weightShape: [2, 3, 4] }),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'more than 64 taps in a row',
      () => packDepthwiseI8(native, { weight: new Int8Array(65), weightShape: [1, 1, 65] }),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'fixed point',
      () => depthwiseI8(native, packed, { ...call, to: { ...call.to, method: 'fixedPointOnce' } }, out),
      'ERR_INVALID_ARGUMENT',
    ],
  ])('refuses %s', (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

it.skipIf(tiers.length === 0)(`ran on an instruction set of this machine${skipped}`, () => {
  expect(tiers.map(([name]) => name)).not.toHaveLength(0);
});
