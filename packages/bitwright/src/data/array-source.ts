import { basename } from 'node:path';
import { elementCount, InputDataError } from '@bitwright/core';
import type { FeedTensor } from '@bitwright/ptq';
import { checkConversion, convertElements } from './convert-elements';
import { resizeImage } from './decode-image';
import { elementBytes } from './element-type';
import type { IndexedSource } from './indexed-source';
import { fitArray, fitSample, inputType, type ModelInput, printShape } from './model-input';
import { describePreprocess, type Preprocess, preprocessedDims, resolvePreprocess } from './preprocess';
import { createPreprocessor, imageFromSample, isChannelCount, isImageShape } from './raw-image';
import type { StoredArray } from './stored-array';

/**
 * Samples of one input from an array whose first axis is the samples, or that is one sample.
 *
 * With a preprocess, uint8 images ([N,H,W,C], [N,C,H,W], [N,H,W], or one [H,W,C]) go through it.
 *
 * @throws {InputDataError} when shape or type do not fit the input, or there is no sample
 */
export function arraySource(
  array: StoredArray,
  input: ModelInput,
  path: string,
  preprocess: Preprocess | undefined,
): IndexedSource {
  const description = `${basename(path)} ${printShape(array.dims)} ${array.type}`;
  if (elementCount(array.dims) === 0) {
    throw new InputDataError({
      operation: '[bitwright] open samples',
      expected: 'at least one sample',
      received: `an array of shape ${printShape(array.dims)} from ${path}`,
    });
  }
  const images = preprocess === undefined ? undefined : imageAxes(array);
  const source =
    preprocess === undefined || images === undefined
      ? plainSource(array, input, path)
      : imageArraySource(array, images, input, path, preprocess);
  return Object.freeze({
    ...source,
    description:
      source.isPreprocessed && preprocess ? `${description}, ${describePreprocess(preprocess)}` : description,
    inputs: [input.name],
    names: undefined,
    mayFail: false,
    notes: [],
    files: [{ label: '', path }],
  });
}

type SourceReading = Pick<IndexedSource, 'length' | 'sampleBytes' | 'isPreprocessed' | 'read'>;

function plainSource(array: StoredArray, input: ModelInput, path: string): SourceReading {
  const { count, sampleDims, isSingle } = fitArray(array.dims, input, path);
  const type = inputType(input);
  const context = { input: input.name, source: path };
  checkConversion(array.type, type, context);
  const isSqueezed = fitSample(sampleDims, input, path) === 'squeeze';
  const dims = isSqueezed ? sampleDims.slice(1) : sampleDims;
  return {
    length: count,
    sampleBytes: elementCount(dims) * elementBytes(type),
    isPreprocessed: false,
    read: async (indices) => {
      const rows = isSingle ? [await array.readAll()] : await array.readRows(indices);
      return rows.map(
        (row) => new Map([[input.name, { type, dims, data: convertElements(row, array.type, type, context) }]]),
      );
    },
  };
}

function imageArraySource(
  array: StoredArray,
  images: { readonly dims: readonly number[]; readonly isSingle: boolean },
  input: ModelInput,
  path: string,
  preprocess: Preprocess,
): SourceReading {
  const type = inputType(input);
  const context = { input: input.name, source: path };
  const resolved = resolvePreprocess(preprocess, input);
  const apply = createPreprocessor(resolved);
  const image = imageFromSample(new Uint8Array(elementCount(images.dims)), images.dims);
  const dims = preprocessedDims(resolved, image) ?? [];
  fitSample(dims, input, `${path} after ${preprocess.name} preprocessing`);
  checkConversion(resolved.dtype, type, context);
  const convert = (tensor: FeedTensor): FeedTensor => ({
    type,
    dims: tensor.dims,
    data: convertElements(tensor.data, tensor.type, type, context),
  });
  return {
    length: images.isSingle ? 1 : (array.dims[0] ?? 0),
    sampleBytes: elementCount(dims) * elementBytes(type),
    isPreprocessed: true,
    read: async (indices) => {
      const rows = images.isSingle ? [await array.readAll()] : await array.readRows(indices);
      return Promise.all(
        rows.map(async (row) => {
          const resized = await resizeImage(imageFromSample(row, images.dims), resolved.resize);
          return new Map([[input.name, convert(apply(resized))]]);
        }),
      );
    },
  };
}

/** Sizes of one image when the array holds 8-bit images; undefined otherwise. */
function imageAxes(array: StoredArray): { dims: readonly number[]; isSingle: boolean } | undefined {
  if (array.type !== 'uint8') return undefined;
  const isSingle = array.dims.length === 3 && isChannelCount(array.dims[2]);
  const dims = isSingle ? array.dims : array.dims.slice(1);
  return isImageShape(dims) ? { dims, isSingle } : undefined;
}
