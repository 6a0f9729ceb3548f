import { describe, expect, it } from 'vitest';
import { parsePreprocess } from './parse-preprocess';
import {
  definePreprocess,
  describePreprocess,
  preprocessedDims,
  preprocessPresets,
  resizedSize,
  resolvePreprocess,
} from './preprocess';

const preset = (name: string) => preprocessPresets[name]!;

describe('presets', () => {
  it('state the range of values they give', () => {
    expect(describePreprocess(preset('imagenet'))).toBe('imagenet (values -2.118…2.64)');
    expect(describePreprocess(preset('mobilenet'))).toBe('mobilenet (values -1…1)');
    expect(describePreprocess(preset('ultraface'))).toBe('ultraface (values -0.992…1)');
    expect(describePreprocess(preset('none'))).toBe('none (values 0…255)');
  });

  it('take layout and element type from the model where they leave them open', () => {
    const planar = { name: 'x', type: 'float32', dims: ['N', 3, 224, 224] };
    expect(resolvePreprocess(preset('imagenet'), planar)).toMatchObject({ layout: 'nchw', dtype: 'float32' });
    const last = { name: 'x', type: 'float16', dims: [1, 224, 224, 3] };
    expect(resolvePreprocess(preset('imagenet'), last)).toMatchObject({ layout: 'nhwc', dtype: 'float16' });
    expect(resolvePreprocess(preset('none'), planar)).toMatchObject({ dtype: 'uint8' });
    expect(preprocessedDims(resolvePreprocess(preset('imagenet'), planar))).toEqual([3, 224, 224]);
  });
});

describe('resizedSize', () => {
  it('cuts the longer side to whole pixels', () => {
    const resize = { shorterSide: 256, kernel: 'linear' } as const;
    expect(resizedSize(resize, { height: 375, width: 500 })).toEqual({ height: 256, width: 341 });
    expect(resizedSize(resize, { height: 500, width: 375 })).toEqual({ height: 341, width: 256 });
  });
});

describe('definePreprocess', () => {
  it('refuses arithmetic that cannot be meant', () => {
    const plain = { name: 'x', colour: 'rgb', scale: 1, mean: [0], std: [1] } as const;
    expect(() => definePreprocess({ ...plain, std: [0] })).toThrow(/std above 0/);
    expect(() => definePreprocess({ ...plain, mean: [1, 2] })).toThrow(/1 or 3 finite numbers as mean/);
    expect(() => definePreprocess({ ...plain, scale: Number.NaN })).toThrow(/scale/);
    expect(() => definePreprocess({ ...plain, crop: [0, 5] })).toThrow(/1…16384/);
    expect(() => definePreprocess({ ...plain, mean: [5], dtype: 'uint8' })).toThrow(/uint8 results/);
  });
});

describe('parsePreprocess', () => {
  it('is undefined when nothing is given', () => {
    expect(parsePreprocess({})).toBeUndefined();
  });

  it('gives the preset, or the preset with parts replaced', () => {
    expect(parsePreprocess({ preset: 'imagenet' })).toEqual(preset('imagenet'));
    expect(parsePreprocess({ preset: 'raw' })).toEqual(preset('none'));
    expect(parsePreprocess({ preset: 'imagenet', crop: '299', resize: '342' })).toMatchObject({
      name: 'imagenet (changed)',
      crop: [299, 299],
      resize: { shorterSide: 342 },
      mean: [0.485, 0.456, 0.406],
    });
    expect(parsePreprocess({ preset: 'imagenet', channels: 'bgr' })?.mean).toEqual([0.406, 0.456, 0.485]);
  });

  it('reads every option', () => {
    expect(
      parsePreprocess({
        resize: '240x320:cover',
        crop: '200x300',
        mean: '0.5',
        std: '0.2,0.3,0.4',
        scale: '1/127.5',
        layout: 'NHWC',
        channels: 'bgr',
      }),
    ).toEqual({
      name: 'custom',
      resize: { height: 240, width: 320, fit: 'cover', kernel: 'linear' },
      crop: [200, 300],
      mean: [0.5],
      std: [0.2, 0.3, 0.4],
      scale: 1 / 127.5,
      layout: 'nhwc',
      colour: 'bgr',
    });
    expect(parsePreprocess({ resize: '64' })?.scale).toBe(1 / 255);
  });

  it.each([
    [{ preset: 'imagnet' }, /--preprocess: expected imagenet, cifar, mobilenet, ultraface, none, received 'imagnet'/],
    [{ resize: '12y' }, /--resize: expected 256 \(shorter side\), 240x320 \(height x width\) or none/],
    [{ resize: '1x2:squash' }, /fill, cover, contain/],
    [{ crop: 'x' }, /--crop/],
    [{ mean: '1,,2' }, /--mean: expected one number, or one per channel/],
    [{ std: '0' }, /std above 0/],
    [{ scale: '1/0' }, /--scale/],
    [{ layout: 'chw' }, /nchw, nhwc/],
    [{ channels: 'rgba' }, /rgb, bgr, gray/],
    [{ mean: '123.675,116.28,103.53' }, /scaled units.*add --scale 1/],
    [{ preset: 'imagenet', channels: 'gray' }, /one number each with --channels gray/],
  ])('refuses %j with what was expected', (text, message) => {
    expect(() => parsePreprocess(text)).toThrow(message);
  });
});
