import { elementCount, InputDataError, InvalidArgumentError } from '@bitwright/core';
import type { FeedType } from '@bitwright/ptq';
import type { ByteSource } from './byte-source';
import { elementBytes } from './element-type';
import { type StoredArray, storedArray } from './stored-array';

const typeByExtension: Readonly<Record<string, FeedType>> = {
  '.u8': 'uint8',
  '.i8': 'int8',
  '.i32': 'int32',
  '.i64': 'int64',
  '.f16': 'float16',
  '.f32': 'float32',
  '.f64': 'float64',
};

/** Extensions of files that hold nothing but little-endian elements. */
export const rawExtensions: readonly string[] = Object.freeze(Object.keys(typeByExtension));

/** Element type of a raw file by its extension; undefined for other files. */
export function rawType(extension: string): FeedType | undefined {
  return typeByExtension[extension];
}

/**
 * Samples stored back to back without a header, little-endian. Their number follows from the size of the file.
 *
 * Shapes: sampleDims of one sample; result [file bytes / sample bytes, …sampleDims]
 *
 * @throws {InvalidArgumentError} when sampleDims holds anything but positive integers
 * @throws {InputDataError} when the file is no whole number of samples
 */
export function openRaw(source: ByteSource, type: FeedType, sampleDims: readonly number[]): StoredArray {
  if (!sampleDims.every((dim) => Number.isSafeInteger(dim) && dim > 0)) {
    throw new InvalidArgumentError({
      operation: `[bitwright] read ${source.name}`,
      expected: 'a sample shape of positive integers, e.g. 32x32x3',
      received: `[${sampleDims.join(',')}]`,
    });
  }
  const sampleBytes = elementCount(sampleDims) * elementBytes(type);
  if (source.size % sampleBytes !== 0) {
    throw new InputDataError({
      operation: `[bitwright] read ${source.name}`,
      expected: `a multiple of ${sampleBytes} bytes (one ${type} sample of shape [${sampleDims.join(',')}])`,
      received: `${source.size} bytes`,
      hint: 'Check --shape, or the file is truncated.',
    });
  }
  const dims = Object.freeze([source.size / sampleBytes, ...sampleDims]);
  return storedArray(source, { type, littleEndian: true, dims, dataOffset: 0 });
}

/**
 * Sample shape from the command line: sizes joined by `x` or commas, e.g. `32x32x3`.
 *
 * @throws {InvalidArgumentError} when the text is anything else
 */
export function parseShape(text: string): readonly number[] {
  const dims = text.split(/[x,]/i).map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  if (dims.every((dim) => Number.isSafeInteger(dim) && dim > 0)) return Object.freeze(dims);
  throw new InvalidArgumentError({
    operation: '[bitwright] read --shape',
    expected: 'sizes of one sample joined by x, e.g. 32x32x3',
    received: `'${text}'`,
  });
}
