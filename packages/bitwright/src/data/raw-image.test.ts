import { describe, expect, it } from 'vitest';
import { definePreprocess, resolvePreprocess } from './preprocess';
import { createPreprocessor, imageFromSample, isImageShape } from './raw-image';

const input = { name: 'x', type: 'float32', dims: ['N', 'C', 'H', 'W'] };
const plain = { name: 'x', colour: 'rgb', scale: 1, mean: [0], std: [1] } as const;
const apply = (value: Parameters<typeof definePreprocess>[0]) =>
  createPreprocessor(resolvePreprocess(definePreprocess(value), input));

// 1 row of 2 pixels: (10,20,30) and (40,50,60)
const twoPixels = { data: Uint8Array.of(10, 20, 30, 40, 50, 60), height: 1, width: 2, channels: 3 };

describe('createPreprocessor', () => {
  it('computes (x · scale − mean) / std per channel, planar by default', () => {
    const tensor = apply({ ...plain, scale: 0.1, mean: [1, 2, 3], std: [1, 2, 4] })(twoPixels);
    expect(tensor.dims).toEqual([3, 1, 2]);
    expect(tensor.data).toEqual(Float32Array.of(0, 3, 0, 1.5, 0, 0.75));
  });

  it('rounds once from float64, as (x/255 − 0.485)/0.229 shows', () => {
    const tensor = apply({ ...plain, scale: 1 / 255, mean: [0.485], std: [0.229] })(twoPixels);
    expect(tensor.data[0]).toBe(Math.fround((10 * (1 / 255) - 0.485) / 0.229));
  });

  it('orders channels and layout as asked', () => {
    expect(apply({ ...plain, colour: 'bgr', layout: 'nhwc' })(twoPixels)).toEqual({
      type: 'uint8',
      dims: [1, 2, 3],
      data: Uint8Array.of(30, 20, 10, 60, 50, 40),
    });
    // (19595·10 + 38470·20 + 7471·30 + 32768) >> 16 = 18
    expect(apply({ ...plain, colour: 'gray' })(twoPixels).data).toEqual(Uint8Array.of(18, 48));
  });

  it('repeats gray pixels for rgb and drops alpha', () => {
    const gray = { data: Uint8Array.of(7), height: 1, width: 1, channels: 1 };
    expect(apply(plain)(gray).data).toEqual(Uint8Array.of(7, 7, 7));
    const rgba = { data: Uint8Array.of(1, 2, 3, 99), height: 1, width: 1, channels: 4 };
    expect(apply(plain)(rgba).data).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('crops the centre, starting at roundHalfToEven of half the margin', () => {
    const row = (length: number) => ({
      data: Uint8Array.from({ length }, (_, index) => index),
      height: 1,
      width: length,
      channels: 1,
    });
    const crop = apply({ ...plain, colour: 'gray', crop: [1, 2] });
    expect(crop(row(6)).data).toEqual(Uint8Array.of(2, 3));
    expect(crop(row(3)).data).toEqual(Uint8Array.of(0, 1));
    expect(crop(row(5)).data).toEqual(Uint8Array.of(2, 3));
    expect(() => crop(row(1))).toThrow(/at least 1x2 pixels .* received 1x1/);
  });
});

describe('imageFromSample', () => {
  it('recognises the channel axis at either end', () => {
    expect(isImageShape([32, 32, 3])).toBe(true);
    expect(isImageShape([3, 32, 32])).toBe(true);
    expect(isImageShape([7, 32, 32])).toBe(false);
    const planar = imageFromSample(Uint8Array.of(1, 2, 3, 4, 5, 6), [3, 1, 2]);
    expect(planar).toEqual({ data: Uint8Array.of(1, 3, 5, 2, 4, 6), height: 1, width: 2, channels: 3 });
  });
});
