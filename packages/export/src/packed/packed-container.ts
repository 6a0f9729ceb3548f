import { ModelFormatError } from '@bitwright/core';

/**
 * The outer shape of a packed model (docs/packed-format.md): 64 bytes of fixed header, a JSON header, sections of data.
 *
 *   0   8  magic "BITWRGHT"
 *   8   4  version, u32
 *   12  4  flags, u32, 0
 *   16  8  length of the JSON, u64
 *   24  8  position of the data, u64, a multiple of 4096
 *   32  8  length of the data, u64
 *   40  4  CRC-32 of the JSON, u32
 *   44  4  CRC-32 of the data, u32
 *   48 16  zero
 *   64  …  JSON in UTF-8, then zeros up to the data
 */
export interface PackedContainer {
  readonly version: number;
  readonly header: unknown;
  /** Every section by position in it. */
  readonly data: Uint8Array;
}

export const packedVersion = 1;
/** Data begin at a page, so that a file mapped into memory needs no copy. */
export const dataAlignment = 4096;
/** Each section begins at a cache line. */
export const sectionAlignment = 64;

export const magic = 'BITWRGHT';
export const fixedBytes = 64;
const largestHeader = 2 ** 30;

/** Positions of the fixed header's fields. */
export const at = {
  version: 8,
  flags: 12,
  headerLength: 16,
  dataStart: 24,
  dataLength: 32,
  headerCrc: 40,
  dataCrc: 44,
} as const;

/** Whether bytes begin as a packed model does; what follows may be damaged. */
export function isPackedModel(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, magic.length)) === magic;
}

/**
 * Splits a file into its parts without copying the data; checksums are left to the exporter's `validate`.
 *
 * @throws {ModelFormatError} when it is no packed model, or a length points outside the file
 */
export function openPacked(bytes: Uint8Array): PackedContainer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isPackedModel(bytes)) throw malformed('a packed model', 'other bytes');
  if (bytes.length < fixedBytes) throw malformed(`a fixed header of ${fixedBytes} bytes`, `${bytes.length} bytes`);
  const version = view.getUint32(at.version, true);
  if (version !== packedVersion) throw malformed(`version ${packedVersion}`, `version ${version}`);
  const flags = view.getUint32(at.flags, true);
  if (flags !== 0) throw malformed('no flags', `flags ${flags}`);
  const [length, start, dataLength] = [at.headerLength, at.dataStart, at.dataLength].map((position) =>
    Number(view.getBigUint64(position, true)),
  ) as [number, number, number];
  const isInside = length <= largestHeader && fixedBytes + length <= start && start % dataAlignment === 0;
  if (!isInside || start + dataLength !== bytes.length) {
    throw malformed('lengths that fit the file', `JSON ${length}, data ${start} + ${dataLength} of ${bytes.length}`);
  }
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(fixedBytes, fixedBytes + length)));
    return { version, header, data: bytes.subarray(start) };
  } catch (cause) {
    throw malformed('a JSON header', (cause as Error).message, cause);
  }
}

export function malformed(expected: string, received: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError({ operation: '[export] readPacked', expected, received, cause });
}
