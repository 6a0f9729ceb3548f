import { InputDataError } from '@bitwright/core';
import type { ByteSource } from './byte-source';

/** One file inside a zip archive, as its central directory describes it. Sizes and offsets in bytes. */
export interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  readonly compressedSize: number;
  readonly size: number;
  readonly crc32: number;
  readonly localHeaderOffset: number;
}

const endSignature = 0x06054b50;
const end64LocatorSignature = 0x07064b50;
const end64Signature = 0x06064b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
const commentLimit = 65_535;
const directoryLimit = 16 * 2 ** 20;
const entryLimit = 65_536;

/**
 * Entries of a zip archive. Only the directory at its end is read, so the archive may be of any size.
 *
 * @throws {InputDataError} when the archive is malformed, encrypted, split, or names an entry twice or unsafely
 * @see APPNOTE.TXT 6.3, §4.3.12, §4.3.14, §4.3.16, §4.5.3 (zip64)
 */
export async function readZipDirectory(source: ByteSource): Promise<readonly ZipEntry[]> {
  const directory = await locateDirectory(source);
  if (directory.size > directoryLimit || directory.entries > entryLimit) {
    throw refuse(
      source.name,
      `at most ${entryLimit} entries in ${directoryLimit} bytes of directory`,
      `${directory.entries} entries in ${directory.size} bytes`,
    );
  }
  const [bytes = new Uint8Array()] = await source.read([{ offset: directory.offset, length: directory.size }]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (let index = 0; index < directory.entries; index++) {
    if (position + 46 > bytes.length || view.getUint32(position, true) !== entrySignature) {
      throw refuse(source.name, `${directory.entries} directory entries`, `a broken directory after ${index}`);
    }
    const lengths = [28, 30, 32].map((offset) => view.getUint16(position + offset, true));
    const length = lengths.reduce((sum, part) => sum + part, 46);
    if (position + length > bytes.length) throw refuse(source.name, 'a whole directory entry', 'a truncated one');
    const entry = parseEntry(bytes.subarray(position, position + length), lengths[0] ?? 0, lengths[1] ?? 0, source);
    if (entries.has(entry.name)) throw refuse(source.name, 'each entry once', `the entry '${entry.name}' twice`);
    entries.set(entry.name, entry);
    position += length;
  }
  return Object.freeze([...entries.values()]);
}

/**
 * Where the bytes of an entry start, from its local header.
 *
 * @throws {InputDataError} when the local header is missing or the bytes reach beyond the archive
 */
export async function zipEntryOffset(source: ByteSource, entry: ZipEntry): Promise<number> {
  const [bytes = new Uint8Array()] = await source.read([{ offset: entry.localHeaderOffset, length: 30 }]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== localSignature) {
    throw refuse(source.name, `a local header for '${entry.name}'`, `other bytes at ${entry.localHeaderOffset}`);
  }
  const offset = entry.localHeaderOffset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (offset + entry.compressedSize > source.size) {
    throw refuse(source.name, `${entry.compressedSize} bytes of '${entry.name}'`, 'an archive that ends before them');
  }
  return offset;
}

async function locateDirectory(source: ByteSource): Promise<{ offset: number; size: number; entries: number }> {
  const length = Math.min(source.size, endBytes + commentLimit);
  const start = source.size - length;
  const [tail = new Uint8Array()] = await source.read([{ offset: start, length }]);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  let end = tail.length - endBytes;
  while (end >= 0 && view.getUint32(end, true) !== endSignature) end--;
  if (end < 0) throw refuse(source.name, 'a zip archive', 'a file without a zip directory at its end');

  const entries = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const offset = view.getUint32(end + 16, true);
  const isZip64 = entries === 0xffff || size === 0xffffffff || offset === 0xffffffff;
  const directory = isZip64 ? await locateDirectory64(source, view, end) : { offset, size, entries };
  const disks = [view.getUint16(end + 4, true), view.getUint16(end + 6, true)];
  if (disks.some((disk) => disk !== 0 && disk !== 0xffff)) throw refuse(source.name, 'one file', 'a split archive');
  if (directory.offset + directory.size > source.size) {
    throw refuse(source.name, `a directory within ${source.size} bytes`, `one at ${directory.offset}`);
  }
  return directory;
}

async function locateDirectory64(
  source: ByteSource,
  tail: DataView,
  end: number,
): Promise<{ offset: number; size: number; entries: number }> {
  const locator = end - 20;
  if (locator < 0 || tail.getUint32(locator, true) !== end64LocatorSignature) {
    throw refuse(source.name, 'a zip64 directory locator', 'none');
  }
  const position = safeNumber(tail.getBigUint64(locator + 8, true), source.name);
  const [bytes = new Uint8Array()] = await source.read([{ offset: position, length: 56 }]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== end64Signature) throw refuse(source.name, 'a zip64 directory end', 'other bytes');
  return {
    entries: safeNumber(view.getBigUint64(32, true), source.name),
    size: safeNumber(view.getBigUint64(40, true), source.name),
    offset: safeNumber(view.getBigUint64(48, true), source.name),
  };
}

function parseEntry(bytes: Uint8Array, nameLength: number, extraLength: number, source: ByteSource): ZipEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const name = new TextDecoder().decode(bytes.subarray(46, 46 + nameLength));
  checkName(name, source.name);
  if ((view.getUint16(8, true) & 1) !== 0) throw refuse(source.name, 'readable entries', `'${name}', encrypted`);
  const method = view.getUint16(10, true);
  if (method !== 0 && method !== 8) {
    throw refuse(source.name, 'stored or deflated entries', `'${name}' in compression method ${method}`);
  }
  const wide = zip64Fields(view, 46 + nameLength, extraLength, source.name);
  const field = (offset: number): number => {
    const value = view.getUint32(offset, true);
    return value === 0xffffffff ? wide() : value;
  };
  const size = field(24);
  const compressedSize = field(20);
  const localHeaderOffset = field(42);
  if (method === 0 && size !== compressedSize) {
    throw refuse(source.name, `equal sizes for the stored entry '${name}'`, `${compressedSize} and ${size} bytes`);
  }
  return Object.freeze({
    name,
    method: method === 0 ? 'stored' : 'deflated',
    compressedSize,
    size,
    crc32: view.getUint32(16, true),
    localHeaderOffset,
  });
}

/** 64-bit values of the zip64 extra field, in the order size, compressed size, offset; only those that overflowed. */
function zip64Fields(view: DataView, extraStart: number, extraLength: number, name: string): () => number {
  let position = extraStart;
  const extraEnd = extraStart + extraLength;
  let end = position;
  while (position + 4 <= extraEnd) {
    const length = view.getUint16(position + 2, true);
    if (view.getUint16(position, true) === 1) {
      position += 4;
      end = Math.min(position + length, extraEnd);
      break;
    }
    position += 4 + length;
  }
  return () => {
    if (position + 8 > end) throw refuse(name, 'a 64-bit size in the zip64 field', 'none');
    const value = view.getBigUint64(position, true);
    position += 8;
    return safeNumber(value, name);
  };
}

/** Nothing is ever written under these names; unsafe ones are refused because only hostile archives have them. */
function checkName(name: string, source: string): void {
  const unsafe =
    name.length === 0 ||
    name.length > 1024 ||
    name.startsWith('/') ||
    /[\0\\]/.test(name) ||
    /^[a-z]:/i.test(name) ||
    name.split('/').includes('..');
  if (unsafe) throw refuse(source, 'relative entry names', `the entry name ${JSON.stringify(name.slice(0, 80))}`);
}

function safeNumber(value: bigint, name: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw refuse(name, 'sizes below 2^53', `${value}`);
  return Number(value);
}

function refuse(name: string, expected: string, received: string): InputDataError {
  return new InputDataError({ operation: `[bitwright] read zip archive ${name}`, expected, received });
}
