import { InvalidArgumentError } from '@bitwright/core';
import type { ModelInput } from './model-input';

/** Resampling filters, all antialiased when shrinking; `linear` is what most training code calls bilinear. */
export type ResizeKernel = 'nearest' | 'linear' | 'cubic' | 'lanczos3';

/** Resize so that the shorter side has a length, or to an exact size. In pixels. */
export type Resize =
  | { readonly shorterSide: number; readonly kernel: ResizeKernel }
  | {
      readonly height: number;
      readonly width: number;
      /** Stretch, fill and cut the rest, or fit inside with black bars. */
      readonly fit: 'fill' | 'cover' | 'contain';
      readonly kernel: ResizeKernel;
    };

/**
 * How an 8-bit image becomes the tensor a model was trained on, in this order:
 * resize, centre crop, channel order, then per channel
 *
 * y = (x · scale − mean[c]) / std[c]        x in 0…255
 *
 * computed in float64 and rounded once to the element type.
 */
export interface Preprocess {
  /** Preset, or `custom`. */
  readonly name: string;
  readonly resize?: Resize;
  /** Height and width cut from the centre, in pixels. */
  readonly crop?: readonly [number, number];
  readonly colour: 'rgb' | 'bgr' | 'gray';
  readonly scale: number;
  /** In scaled units, one for all channels or one each, in the order of the result's channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Left out: taken from the model's input. */
  readonly layout?: 'nchw' | 'nhwc';
  /** Left out: uint8 when the arithmetic changes nothing, else float32, or float16 where the model takes it. */
  readonly dtype?: 'float32' | 'float16' | 'uint8';
}

/** A preprocess with nothing left to the model. */
export interface ResolvedPreprocess extends Preprocess {
  readonly layout: 'nchw' | 'nhwc';
  readonly dtype: 'float32' | 'float16' | 'uint8';
}

const imagenetMean = [0.485, 0.456, 0.406];
const imagenetStd = [0.229, 0.224, 0.225];
const operation = '[bitwright] preprocess';

/** Named preprocessings; docs/calibration-data.md states their arithmetic. */
export const preprocessPresets: Readonly<Record<string, Preprocess>> = Object.freeze({
  imagenet: definePreprocess({
    name: 'imagenet',
    resize: { shorterSide: 256, kernel: 'linear' },
    crop: [224, 224],
    colour: 'rgb',
    scale: 1 / 255,
    mean: imagenetMean,
    std: imagenetStd,
  }),
  cifar: definePreprocess({
    name: 'cifar',
    resize: { height: 32, width: 32, fit: 'fill', kernel: 'linear' },
    colour: 'rgb',
    scale: 1 / 255,
    mean: imagenetMean,
    std: imagenetStd,
  }),
  mobilenet: definePreprocess({
    name: 'mobilenet',
    resize: { shorterSide: 256, kernel: 'linear' },
    crop: [224, 224],
    colour: 'rgb',
    scale: 1 / 255,
    mean: [0.5],
    std: [0.5],
  }),
  ultraface: definePreprocess({
    name: 'ultraface',
    resize: { height: 240, width: 320, fit: 'fill', kernel: 'linear' },
    colour: 'rgb',
    scale: 1,
    mean: [127],
    std: [128],
  }),
  none: definePreprocess({ name: 'none', colour: 'rgb', scale: 1, mean: [0], std: [1] }),
});

/**
 * Checks and freezes a preprocess.
 *
 * @throws {InvalidArgumentError} when a value is outside what the arithmetic allows
 */
export function definePreprocess(value: Preprocess): Preprocess {
  const channels = value.colour === 'gray' ? 1 : 3;
  const isSize = (size: number): boolean => Number.isSafeInteger(size) && size > 0 && size <= 16_384;
  const sizes = [
    ...(value.resize === undefined
      ? []
      : 'shorterSide' in value.resize
        ? [value.resize.shorterSide]
        : [value.resize.height, value.resize.width]),
    ...(value.crop ?? []),
  ];
  if (!sizes.every(isSize)) throw invalid('sizes of 1…16384 pixels', sizes.join('x'));
  for (const [name, list] of [
    ['mean', value.mean],
    ['std', value.std],
  ] as const) {
    if ((list.length !== 1 && list.length !== channels) || !list.every(Number.isFinite)) {
      const counts = channels === 1 ? '1 finite number' : `1 or ${channels} finite numbers`;
      throw invalid(`${counts} as ${name} of a ${value.colour} image`, `[${list.join(',')}]`);
    }
  }
  if (value.std.some((std) => std <= 0)) throw invalid('std above 0', `[${value.std.join(',')}]`);
  if (!Number.isFinite(value.scale) || value.scale === 0)
    throw invalid('a finite scale other than 0', `${value.scale}`);
  if (value.dtype === 'uint8' && !isIdentity(value)) {
    throw invalid(
      'scale 1, mean 0 and std 1 for uint8 results',
      `scale ${value.scale}, mean [${value.mean.join(',')}]`,
    );
  }
  return Object.freeze({
    ...value,
    ...(value.resize === undefined ? {} : { resize: Object.freeze({ ...value.resize }) }),
    mean: Object.freeze([...value.mean]),
    std: Object.freeze([...value.std]),
  });
}

/** Completes layout and dtype from the input: NHWC when its last axis, not its second, has 1, 3 or 4 channels. */
export function resolvePreprocess(preprocess: Preprocess, input: ModelInput): ResolvedPreprocess {
  const isChannels = (dim: unknown): boolean => dim === 1 || dim === 3 || dim === 4;
  const isLast = isChannels(input.dims[3]) && !isChannels(input.dims[1]);
  const floatType = input.type === 'float16' ? 'float16' : 'float32';
  return Object.freeze({
    ...preprocess,
    layout: preprocess.layout ?? (isLast ? 'nhwc' : 'nchw'),
    dtype: preprocess.dtype ?? (isIdentity(preprocess) ? 'uint8' : floatType),
  });
}

/** Sizes of the resulting tensor without the samples axis; undefined where they depend on the image. */
export function preprocessedDims(
  preprocess: ResolvedPreprocess,
  image?: { readonly height: number; readonly width: number },
): readonly number[] | undefined {
  const channels = preprocess.colour === 'gray' ? 1 : 3;
  const resized =
    preprocess.resize === undefined
      ? image
      : 'shorterSide' in preprocess.resize
        ? image && resizedSize(preprocess.resize, image)
        : preprocess.resize;
  const [height, width] = preprocess.crop ?? [resized?.height, resized?.width];
  if (height === undefined || width === undefined) return undefined;
  return preprocess.layout === 'nchw' ? [channels, height, width] : [height, width, channels];
}

/** Size after resizing; the longer side is cut to whole pixels: floor(shorterSide · longer / shorter). */
export function resizedSize(
  resize: Resize,
  image: { readonly height: number; readonly width: number },
): { readonly height: number; readonly width: number } {
  if (!('shorterSide' in resize)) return { height: resize.height, width: resize.width };
  const { height, width } = image;
  const longer = Math.floor((resize.shorterSide * Math.max(height, width)) / Math.min(height, width));
  return height < width ? { height: resize.shorterSide, width: longer } : { height: longer, width: resize.shorterSide };
}

/** One line for reports, with the range of values it can produce: `imagenet (values −2.118…2.640)`. */
export function describePreprocess(preprocess: Preprocess): string {
  const { scale, mean, std } = preprocess;
  const bounds = mean.flatMap((_, channel) => {
    const [m, s] = [mean[channel] ?? 0, std[channel] ?? std[0] ?? 1];
    return [-m / s, (255 * scale - m) / s];
  });
  return `${preprocess.name} (values ${print(Math.min(...bounds))}…${print(Math.max(...bounds))})`;
}

function print(value: number): string {
  return value.toFixed(3).replace(/\.?0+$/, '');
}

function isIdentity(preprocess: Preprocess): boolean {
  return (
    preprocess.scale === 1 && preprocess.mean.every((mean) => mean === 0) && preprocess.std.every((std) => std === 1)
  );
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation, expected, received });
}
