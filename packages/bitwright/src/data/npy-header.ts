import { elementCount, InputDataError } from '@bitwright/core';
import type { FeedType } from '@bitwright/ptq';
import { elementBytes } from './element-type';

/** What the header of a .npy file says. */
export interface NpyHeader {
  readonly version: readonly [number, number];
  readonly type: FeedType;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly dims: readonly number[];
  /** Product of dims. */
  readonly elements: number;
  /** Where the data start, in bytes. */
  readonly dataOffset: number;
}

/** Bytes to read before the length of the header is known. */
export const npyPrefixBytes = 12;
/** Headers of numeric arrays take about 100 bytes; longer than this is an attack or another kind of file. */
const headerLimit = 65_536;
const rankLimit = 32;
const operation = '[bitwright] read .npy';

const typeByCode: Readonly<Record<string, FeedType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  b1: 'bool',
};

/**
 * Position and length in bytes of the header text, from the first 12 bytes of a .npy file.
 *
 * Layout: magic `\x93NUMPY`, major, minor, then the length as uint16 (version 1) or uint32 (versions 2 and 3).
 *
 * @throws {InputDataError} when the bytes are no .npy file, of an unknown version, or the header is too long
 * @see numpy.lib.format, versions 1.0, 2.0 and 3.0
 */
export function npyHeaderRange(prefix: Uint8Array, name: string): { readonly offset: number; readonly length: number } {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (prefix.length < npyPrefixBytes || magic.some((byte, index) => prefix[index] !== byte)) {
    const start = [...prefix.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw refuse(name, 'a .npy file (starting with the bytes 93 4e 55 4d 50 59)', `a file starting with ${start}`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.length);
  const major = view.getUint8(6);
  if (major < 1 || major > 3) {
    throw refuse(name, '.npy format version 1, 2 or 3', `version ${major}.${view.getUint8(7)}`);
  }
  const offset = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > headerLimit)
    throw refuse(name, `a header of at most ${headerLimit} bytes`, `a header of ${length} bytes`);
  return { offset, length };
}

/**
 * Header of a .npy file. `bytes` holds at least everything before the data.
 *
 * Pickled (object), structured, complex, string and extended-precision arrays are refused: nothing is ever unpickled.
 *
 * @throws {InputDataError} when the header is malformed or describes data that cannot be used here
 */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const { offset, length } = npyHeaderRange(bytes.subarray(0, npyPrefixBytes), name);
  if (bytes.length < offset + length) {
    throw refuse(name, `a header of ${length} bytes`, `a file that ends after ${bytes.length} bytes`);
  }
  const major = bytes[6] ?? 0;
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(offset, offset + length));
  const fields = parseDictionary(text, name);
  const { type, littleEndian } = parseDescriptor(fields.descr, name);
  const elements = elementCount(fields.shape);
  if (!Number.isSafeInteger(elements * elementBytes(type))) {
    throw refuse(name, 'a shape whose bytes can be counted', `shape [${fields.shape.join(',')}]`);
  }
  return Object.freeze({
    version: [major, bytes[7] ?? 0] as const,
    type,
    littleEndian,
    fortranOrder: fields.fortranOrder,
    dims: Object.freeze(fields.shape),
    elements,
    dataOffset: offset + length,
  });
}

/**
 * Checks that exactly the data the header promises follow it.
 *
 * @throws {InputDataError} when bytes are missing or left over
 */
export function checkNpySize(header: NpyHeader, fileBytes: number, name: string): void {
  const needed = header.elements * elementBytes(header.type);
  const present = fileBytes - header.dataOffset;
  if (needed === present) return;
  throw refuse(
    name,
    `${needed} bytes of ${header.type} data for shape [${header.dims.join(',')}]`,
    `${present} bytes`,
    present < needed ? 'The file is truncated.' : 'Several arrays in one file are stored as .npz.',
  );
}

function parseDescriptor(descriptor: string, name: string): { type: FeedType; littleEndian: boolean } {
  if (descriptor.includes('O')) {
    throw refuse(
      name,
      'a numeric dtype',
      `dtype ${descriptor} (pickled Python objects)`,
      'Pickles are never read: save the data as a numeric array, e.g. np.stack(samples).astype(np.float32).',
    );
  }
  const match = /^([<>=|])?([a-z])(\d+)$/.exec(descriptor);
  const type = match === null ? undefined : typeByCode[`${match[2]}${match[3]}`];
  if (match === null || type === undefined) {
    throw refuse(name, 'dtype float16/32/64, int8…64, uint8…64 or bool', `dtype ${descriptor}`);
  }
  return { type, littleEndian: match[1] !== '>' };
}

/** The header is a Python dictionary literal with exactly the keys descr, fortran_order and shape. */
function parseDictionary(text: string, name: string): { descr: string; fortranOrder: boolean; shape: number[] } {
  const fail = (received: string): InputDataError =>
    refuse(name, "a header {'descr': …, 'fortran_order': …, 'shape': …}", received);
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) throw fail(`the header ${JSON.stringify(text.slice(0, 60))}`);
  const entry = /\s*(['"])(\w+)\1\s*:\s*(?:'([^']*)'|"([^"]*)"|(True|False)|\(([^()]*)\)|(\[[^{}]*\]))\s*(?:,|$)/gy;
  const found = new Map<string, RegExpExecArray>();
  let end = 0;
  for (let match = entry.exec(body); match !== null; match = entry.exec(body)) {
    const key = match[2] ?? '';
    if (found.has(key)) throw fail(`the key '${key}' twice`);
    found.set(key, match);
    end = entry.lastIndex;
  }
  if (body.slice(end).trim() !== '') throw fail(`the text ${JSON.stringify(body.slice(end, end + 40))}`);
  const unknown = [...found.keys()].find((key) => !['descr', 'fortran_order', 'shape'].includes(key));
  if (unknown !== undefined) throw fail(`the key '${unknown}'`);

  const list = found.get('descr')?.[7];
  if (list !== undefined) throw refuse(name, 'a numeric dtype', `the structured dtype ${list.slice(0, 60)}`);
  const descr = found.get('descr')?.[3] ?? found.get('descr')?.[4];
  const order = found.get('fortran_order')?.[5];
  const shape = found.get('shape')?.[6];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw fail(`the header ${JSON.stringify(text.trim().slice(0, 80))}`);
  }
  return { descr, fortranOrder: order === 'True', shape: parseShape(shape, name) };
}

function parseShape(text: string, name: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  const dims = parts.map((part) => (/^\d{1,16}L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  if (dims.length > rankLimit || !dims.every((dim) => Number.isSafeInteger(dim))) {
    throw refuse(name, `a shape of at most ${rankLimit} non-negative integers`, `shape (${text.slice(0, 80)})`);
  }
  return dims;
}

function refuse(name: string, expected: string, received: string, hint?: string): InputDataError {
  return new InputDataError({ operation: `${operation} ${name}`, expected, received, hint });
}
