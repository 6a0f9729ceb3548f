import { elementCount, InputDataError, InvalidArgumentError } from '@bitwright/core';
import type { FeedArray, FeedTensor, FeedType } from '@bitwright/ptq';
import { type ByteSource, memorySource } from './byte-source';
import { bytesFromElements, createElements, elementBytes } from './element-type';
import { checkNpySize, type NpyHeader, npyHeaderRange, npyPrefixBytes, parseNpyHeader } from './npy-header';
import { memoryArray, type StoredArray, storedArray } from './stored-array';

/** Fortran-ordered arrays are transposed in memory up to this size; their samples are not contiguous. */
const fortranLimit = 256 * 2 ** 20;

/**
 * Opens an array stored in .npy format: reads the header and checks the length, no data yet.
 *
 * Arrays in Fortran order are read and transposed at once, up to 256 MiB.
 *
 * @throws {InputDataError} when the file is malformed, truncated, not numeric, or too large in Fortran order
 */
export async function openNpy(source: ByteSource): Promise<StoredArray> {
  const header = await readHeader(source);
  const rowMajor = storedArray(source, header);
  if (!header.fortranOrder || header.dims.length < 2) return rowMajor;
  if (source.size > fortranLimit) {
    throw new InputDataError({
      operation: `[bitwright] read .npy ${source.name}`,
      expected: `row-major data, or at most ${fortranLimit} bytes in Fortran order`,
      received: `${source.size} bytes in Fortran order`,
      hint: 'Save np.ascontiguousarray(array) instead.',
    });
  }
  return memoryArray(header.type, header.dims, transposeFortran(await rowMajor.readAll(), header));
}

/**
 * Array stored in .npy format in memory. Fortran order is transposed to row-major.
 *
 * @throws {InputDataError} when the bytes are malformed, truncated or not numeric
 */
export async function decodeNpy(bytes: Uint8Array, name = '.npy bytes'): Promise<FeedTensor> {
  const array = await openNpy(memorySource(name, bytes));
  return { type: array.type, dims: array.dims, data: await array.readAll() };
}

/**
 * Bytes of a .npy file, format version 1.0, little-endian, row-major, data aligned to 64 bytes.
 *
 * @throws {InvalidArgumentError} when dims and data do not agree
 */
export function encodeNpy(tensor: FeedTensor): Uint8Array {
  const elements = elementCount(tensor.dims);
  if (elements !== tensor.data.length) {
    throw new InvalidArgumentError({
      operation: '[bitwright] encode .npy',
      expected: `${elements} elements for shape [${tensor.dims.join(',')}]`,
      received: `${tensor.data.length} elements`,
    });
  }
  const shape = tensor.dims.length === 1 ? `${tensor.dims[0]},` : tensor.dims.join(', ');
  const text = `{'descr': '${descriptor(tensor.type)}', 'fortran_order': False, 'shape': (${shape}), }`;
  const dataOffset = Math.ceil((10 + text.length + 1) / 64) * 64;
  const data = bytesFromElements(tensor.data);
  const bytes = new Uint8Array(dataOffset + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, dataOffset - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(dataOffset - 11)}\n`), 10);
  bytes.set(data, dataOffset);
  return bytes;
}

async function readHeader(source: ByteSource): Promise<NpyHeader> {
  const [prefix = new Uint8Array()] = await source.read([{ offset: 0, length: Math.min(npyPrefixBytes, source.size) }]);
  const { offset, length } = npyHeaderRange(prefix, source.name);
  const available = Math.max(prefix.length, Math.min(offset + length, source.size));
  const [bytes = prefix] = await source.read([{ offset: 0, length: available }]);
  const header = parseNpyHeader(bytes, source.name);
  checkNpySize(header, source.size, source.name);
  return header;
}

/** Column-major to row-major: the element at Σ i[k]·Π dims[0…k−1] moves to Σ i[k]·Π dims[k+1…]. */
function transposeFortran(stored: FeedArray, header: NpyHeader): FeedArray {
  const { dims } = header;
  const result = createElements(header.type, stored.length);
  const target: Record<number, number | bigint> = result;
  const position = dims.map(() => 0);
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
  let offset = 0;
  for (let index = 0; index < stored.length; index++) {
    target[offset] = stored[index] ?? 0;
    for (let axis = 0; axis < dims.length; axis++) {
      const stride = strides[axis] ?? 0;
      const next = (position[axis] ?? 0) + 1;
      offset += stride;
      if (next < (dims[axis] ?? 0)) {
        position[axis] = next;
        break;
      }
      position[axis] = 0;
      offset -= next * stride;
    }
  }
  return result;
}

function descriptor(type: FeedType): string {
  if (type === 'bool') return '|b1';
  const kind = type.startsWith('float') ? 'f' : type.startsWith('u') ? 'u' : 'i';
  const size = elementBytes(type);
  return `${size === 1 ? '|' : '<'}${kind}${size}`;
}
