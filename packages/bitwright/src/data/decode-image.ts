import { InputDataError } from '@bitwright/core';
import type { Sharp, SharpConstructor } from 'sharp';
import { type Resize, resizedSize } from './preprocess';
import type { RawImage } from './raw-image';

/**
 * Decodes an image file and resizes it. Colours become 8-bit sRGB; orientation tags are not applied, as in most
 * training code.
 *
 * @throws {InputDataError} when sharp is not installed
 * @throws {Error} sharp's own, when the file cannot be decoded completely
 */
export async function decodeImage(path: string, resize: Resize | undefined): Promise<RawImage> {
  const sharp = await loadSharp();
  const decoder = sharp(path, { failOn: 'error' });
  const { width, height } = await decoder.metadata();
  const pipeline = decoder.removeAlpha().toColourspace('srgb');
  return finish(resizePipeline(pipeline, resize, { height, width }));
}

/**
 * Resizes pixels already in memory; the same image when its size is right, which needs no sharp.
 *
 * @throws {InputDataError} when sharp is needed and not installed
 */
export async function resizeImage(image: RawImage, resize: Resize | undefined): Promise<RawImage> {
  if (resize === undefined) return image;
  const size = resizedSize(resize, image);
  if (size.height === image.height && size.width === image.width) return image;
  const sharp = await loadSharp();
  const channels = image.channels === 1 ? 1 : image.channels === 4 ? 4 : 3;
  const decoder = sharp(image.data, { raw: { width: image.width, height: image.height, channels } });
  return finish(resizePipeline(decoder, resize, image));
}

function resizePipeline(
  pipeline: Sharp,
  resize: Resize | undefined,
  image: { readonly height: number; readonly width: number },
): Sharp {
  if (resize === undefined) return pipeline;
  const { height, width } = resizedSize(resize, image);
  if (height === image.height && width === image.width) return pipeline;
  const fit = 'fit' in resize ? resize.fit : 'fill';
  return pipeline.resize(width, height, { fit, kernel: resize.kernel, fastShrinkOnLoad: false, background: '#000' });
}

async function finish(pipeline: Sharp): Promise<RawImage> {
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, height: info.height, width: info.width, channels: info.channels };
}

async function loadSharp(): Promise<SharpConstructor> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new InputDataError({
      operation: '[bitwright] decode images',
      expected: "the package 'sharp', an optional dependency",
      received: `none that loads (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)})`,
      hint: 'Run npm install sharp, or give the samples as .npy.',
      cause,
    });
  }
}
