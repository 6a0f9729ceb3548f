import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random';
import { type IntegerConv2d, integerConv2d, integerConv2dShape } from './conv2d';
import type { ImageLayout } from './window';

const random = seededRandom(31);
const bytes = (length: number) => Uint8Array.from({ length }, () => random.nextUint32());
const signed = (length: number) => Int8Array.from({ length }, () => random.nextUint32());

/** NCHW to NHWC. */
function channelsLast<T extends Uint8Array | Int8Array | Int32Array>(data: T, [n, c, h, w]: number[]): T {
  const out = data.slice() as T;
  data.forEach((v, i) => {
    const x = i % w!;
    const y = Math.floor(i / w!) % h!;
    const channel = Math.floor(i / (w! * h!)) % c!;
    const image = Math.floor(i / (w! * h! * c!));
    out[((image * h! + y) * w! + x) * c! + channel] = v;
  });
  expect(out.length).toBe(n! * c! * h! * w!);
  return out;
}

/** Real convolution from the definition, on an explicitly padded image. */
function byDefinition(call: IntegerConv2d): number[] {
  const [n, c, h, w] = call.inputShape as [number, number, number, number];
  const [o, cg, kh, kw] = call.weightShape as [number, number, number, number];
  const { strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0], groups = 1 } = call;
  const at = (i: number, ch: number, y: number, x: number) =>
    y < 0 || x < 0 || y >= h || x >= w ? call.inputZeroPoint : call.input[((i * c + ch) * h + y) * w + x]!;
  const oh = Math.floor((h + pads[0] + pads[2] - (kh - 1) * dilations[0] - 1) / strides[0]) + 1;
  const ow = Math.floor((w + pads[1] + pads[3] - (kw - 1) * dilations[1] - 1) / strides[1]) + 1;
  const out: number[] = [];
  for (let i = 0; i < n; i++)
    for (let f = 0; f < o; f++)
      for (let y = 0; y < oh; y++)
        for (let x = 0; x < ow; x++) {
          const zw = typeof call.weightZeroPoint === 'number' ? call.weightZeroPoint : call.weightZeroPoint[f]!;
          let sum = call.bias?.[f] ?? 0;
          for (let ch = 0; ch < cg; ch++)
            for (let a = 0; a < kh; a++)
              for (let b = 0; b < kw; b++) {
                const channel = Math.floor(f / (o / groups)) * cg + ch;
                const value = at(
                  i,
                  channel,
                  y * strides[0] - pads[0] + a * dilations[0],
                  x * strides[1] - pads[1] + b * dilations[1],
                );
                sum += (value - call.inputZeroPoint) * (call.weight[((f * cg + ch) * kh + a) * kw + b]! - zw);
              }
          out.push(sum);
        }
  return out;
}

const variants: [string, number[], number[], Partial<IntegerConv2d>][] = [
  ['3×3, padded', [2, 3, 5, 4], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }],
  ['1×1', [1, 6, 3, 3], [2, 6, 1, 1], {}],
  ['strided, uneven pads', [1, 2, 7, 6], [3, 2, 3, 2], { strides: [2, 3], pads: [2, 0, 1, 1] }],
  ['dilated', [1, 2, 8, 9], [2, 2, 2, 3], { dilations: [3, 2], pads: [1, 2, 2, 1] }],
  ['grouped', [1, 6, 4, 4], [4, 3, 3, 3], { groups: 2, pads: [1, 1, 1, 1] }],
  ['depthwise with multiplier 2', [2, 3, 5, 5], [6, 1, 3, 3], { groups: 3, strides: [2, 2], pads: [1, 1, 1, 1] }],
];

describe('integerConv2d', () => {
  it.each(variants)('equals the definition in both layouts: %s', (_, inputShape, weightShape, options) => {
    const size = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
    const o = weightShape[0]!;
    const call: IntegerConv2d = {
      layout: 'NCHW',
      input: bytes(size(inputShape)),
      inputShape,
      inputZeroPoint: 121,
      weight: signed(size(weightShape)),
      weightShape,
      weightZeroPoint: Int32Array.from({ length: o }, (_, i) => i - 2),
      bias: Int32Array.from({ length: o }, (_, i) => 1000 * (i - 1)),
      ...options,
    };
    const acc = integerConv2d(call);
    expect([...acc]).toEqual(byDefinition(call));
    const [n, c, h, w] = inputShape as [number, number, number, number];
    const [, cg, kh, kw] = weightShape as [number, number, number, number];
    const last: IntegerConv2d = {
      ...call,
      layout: 'NHWC' as ImageLayout,
      input: channelsLast(call.input as Uint8Array, inputShape),
      inputShape: [n, h, w, c],
      weight: channelsLast(call.weight as Int8Array, weightShape),
      weightShape: [o, kh, kw, cg],
    };
    expect(integerConv2d(last)).toEqual(channelsLast(acc, [...integerConv2dShape(call)]));
  });

  const small: IntegerConv2d = {
    layout: 'NCHW',
    input: new Uint8Array(16),
    inputShape: [1, 1, 4, 4],
    inputZeroPoint: 0,
    weight: new Int8Array(9),
    weightShape: [1, 1, 3, 3],
    weightZeroPoint: 0,
  };

  it('refuses shapes, groups and pads that do not fit', () => {
    expect(() => integerConv2d({ ...small, inputShape: [1, 16] })).toThrow(/a shape NCHW, received \[1,16\]/);
    expect(() => integerConv2d({ ...small, groups: 2 })).toThrow(/groups/);
    expect(() => integerConv2d({ ...small, pads: [3, 0, 0, 0] })).toThrow(/pads smaller than the window/);
    expect(() => integerConv2d({ ...small, strides: [0, 1] })).toThrow(/strideH ≥ 1, received 0/);
    expect(() => integerConv2d(small, new Int32Array(3))).toThrow(/out of length 4, received 3/);
    expect(() => integerConv2d({ ...small, weight: new Int8Array(8) })).toThrow(/weight of length 9/);
  });

  it('gives an empty result when the window does not fit, and refuses one that is too deep', () => {
    expect(integerConv2dShape({ ...small, input: new Uint8Array(4), inputShape: [1, 1, 2, 2] })).toEqual([1, 1, 0, 0]);
    const depth = 65794;
    const deep = { ...small, input: new Uint8Array(depth), inputShape: [1, depth, 1, 1] };
    expect(() => integerConv2d({ ...deep, weight: new Int8Array(depth), weightShape: [1, depth, 1, 1] })).toThrow(
      /at most 65793/,
    );
  });
});
