import { InputDataError } from '@bitwright/core';
import type { FeedArray, FeedTensor } from '@bitwright/ptq';
import { createElements } from './element-type';
import { numberToHalf } from './half-float';
import { preprocessedDims, type ResolvedPreprocess } from './preprocess';

/** A decoded image: 8-bit pixels, rows from the top, channels interleaved; 1 gray, 3 rgb or 4 rgba channels. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Crop and arithmetic of a preprocess; the image is already resized.
 *
 * Formula:  y = (x · scale − mean[c]) / std[c]; gray from rgb: (19595·R + 38470·G + 7471·B + 32768) >> 16
 * Shapes:   [C,H,W] or [H,W,C] by layout; C is 1 for gray, else 3; alpha is dropped
 * Crop:     starts at roundHalfToEven((size − crop) / 2)
 *
 * @throws {InputDataError} when the image is smaller than the crop
 */
export function createPreprocessor(preprocess: ResolvedPreprocess): (image: RawImage) => FeedTensor {
  const tables = preprocess.mean.length === 1 && preprocess.std.length === 1 ? [0] : [0, 1, 2];
  const lookup = tables.map((channel) => createLookup(preprocess, channel));
  const channels = preprocess.colour === 'gray' ? 1 : 3;
  const isPlanar = preprocess.layout === 'nchw';
  return (image) => {
    const [height, width] = preprocess.crop ?? [image.height, image.width];
    if (image.height < height || image.width < width) {
      throw new InputDataError({
        operation: '[bitwright] crop image',
        expected: `at least ${height}x${width} pixels (height x width)`,
        received: `${image.height}x${image.width}`,
      });
    }
    const top = centred(image.height - height);
    const left = centred(image.width - width);
    const data = createElements(preprocess.dtype, channels * height * width) as Float32Array | Uint16Array | Uint8Array;
    const plane = height * width;
    const source = preprocess.colour === 'gray' && image.channels >= 3 ? grayFromRgb(image) : image;
    for (let channel = 0; channel < channels; channel++) {
      const table = lookup[channel] ?? lookup[0] ?? data;
      const offset = source.channels < 3 ? 0 : preprocess.colour === 'bgr' ? 2 - channel : channel;
      const step = isPlanar ? 1 : channels;
      let target = isPlanar ? channel * plane : channel;
      for (let y = 0; y < height; y++) {
        let pixel = ((top + y) * source.width + left) * source.channels + offset;
        for (let x = 0; x < width; x++) {
          data[target] = table[source.data[pixel] ?? 0] ?? 0;
          target += step;
          pixel += source.channels;
        }
      }
    }
    return { type: preprocess.dtype, dims: preprocessedDims(preprocess, { height, width }) ?? [], data };
  };
}

/**
 * Image in the stored sample `data` of sizes [H,W,C], [C,H,W] or [H,W].
 *
 * The axis of 1, 3 or 4 elements is the channels; the last one wins when both ends qualify.
 */
export function imageFromSample(data: FeedArray, dims: readonly number[]): RawImage {
  const pixels = data as Uint8Array;
  const [first = 1, second = 1, third = 1] = dims;
  if (dims.length === 2) return { data: pixels, height: first, width: second, channels: 1 };
  if (isChannelCount(third)) return { data: pixels, height: first, width: second, channels: third };
  const plane = second * third;
  const interleaved = new Uint8Array(pixels.length);
  for (let channel = 0; channel < first; channel++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      interleaved[pixel * first + channel] = pixels[channel * plane + pixel] ?? 0;
    }
  }
  return { data: interleaved, height: second, width: third, channels: first };
}

/** Whether sizes of one stored sample can be an image: [H,W], or three axes with channels first or last. */
export function isImageShape(dims: readonly number[]): boolean {
  if (dims.length === 2) return true;
  return dims.length === 3 && (isChannelCount(dims[2]) || isChannelCount(dims[0]));
}

/** Whether an axis of this size can be the channels of an image. */
export function isChannelCount(size: number | undefined): boolean {
  return size === 1 || size === 3 || size === 4;
}

function grayFromRgb(image: RawImage): RawImage {
  const { data, height, width, channels } = image;
  const gray = new Uint8Array(height * width);
  for (let index = 0; index < gray.length; index++) {
    const pixel = index * channels;
    const [r, g, b] = [data[pixel] ?? 0, data[pixel + 1] ?? 0, data[pixel + 2] ?? 0];
    gray[index] = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
  }
  return { data: gray, height, width, channels: 1 };
}

function createLookup(preprocess: ResolvedPreprocess, channel: number): Float32Array | Uint16Array | Uint8Array {
  const mean = preprocess.mean[channel] ?? preprocess.mean[0] ?? 0;
  const std = preprocess.std[channel] ?? preprocess.std[0] ?? 1;
  const values = Array.from({ length: 256 }, (_, x) => (x * preprocess.scale - mean) / std);
  if (preprocess.dtype === 'float16') return Uint16Array.from(values, numberToHalf);
  return preprocess.dtype === 'uint8' ? Uint8Array.from(values) : Float32Array.from(values);
}

function centred(margin: number): number {
  const half = Math.floor(margin / 2);
  return margin % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}
