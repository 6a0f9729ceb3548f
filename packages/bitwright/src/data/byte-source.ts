import { type FileHandle, open, stat } from 'node:fs/promises';
import { InputDataError } from '@bitwright/core';

/** A run of bytes; both in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Bytes that can be read at any position: a file, a part of a file, or memory. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Reads the ranges, in the order asked. Each result is owned by the caller or must not be changed. */
  read(ranges: readonly ByteRange[]): Promise<Uint8Array[]>;
}

const operation = '[bitwright] read data';
/** One system call reads at most 2 GiB. */
const readStep = 2 ** 30;
const readsAtOnce = 16;

/** Bytes already in memory. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return Object.freeze({
    name,
    size: bytes.length,
    read: async (ranges: readonly ByteRange[]) =>
      ranges.map((range) => {
        if (range.offset + range.length > bytes.length) throw truncated(name, range, bytes.length);
        return bytes.subarray(range.offset, range.offset + range.length);
      }),
  });
}

/** A part of another source, e.g. one uncompressed entry of a zip file. */
export function windowSource(source: ByteSource, name: string, offset: number, size: number): ByteSource {
  return Object.freeze({
    name,
    size,
    read: async (ranges: readonly ByteRange[]) => {
      const outside = ranges.find((range) => range.offset + range.length > size);
      if (outside !== undefined) throw truncated(name, outside, size);
      return source.read(ranges.map((range) => ({ offset: range.offset + offset, length: range.length })));
    },
  });
}

/**
 * A regular file, read by position and never as a whole. The file is open only while a read runs.
 *
 * @throws {InputDataError} when the path is missing, not a regular file, unreadable or empty
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const status = await stat(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  if (!status.isFile()) {
    const received = status.isDirectory() ? `the directory ${path}` : `${path}, which is not a regular file`;
    throw new InputDataError({ operation, expected: 'a file', received });
  }
  if (status.size === 0) {
    throw new InputDataError({ operation, expected: 'a file with data', received: `${path}, which is empty` });
  }
  const size = status.size;
  const read = async (ranges: readonly ByteRange[]): Promise<Uint8Array[]> => {
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw missing(path, cause);
    });
    try {
      const results: Uint8Array[] = [];
      for (let start = 0; start < ranges.length; start += readsAtOnce) {
        const some = ranges.slice(start, start + readsAtOnce);
        results.push(...(await Promise.all(some.map((range) => readRange(file, path, range, size)))));
      }
      return results;
    } finally {
      await file.close();
    }
  };
  return Object.freeze({ name: path, size, read });
}

async function readRange(file: FileHandle, path: string, range: ByteRange, size: number): Promise<Uint8Array> {
  if (range.offset + range.length > size) throw truncated(path, range, size);
  const bytes = new Uint8Array(range.length);
  let done = 0;
  while (done < range.length) {
    const length = Math.min(readStep, range.length - done);
    const { bytesRead } = await file.read(bytes, done, length, range.offset + done);
    if (bytesRead === 0) throw truncated(path, range, range.offset + done);
    done += bytesRead;
  }
  return bytes;
}

function truncated(name: string, range: ByteRange, size: number): InputDataError {
  return new InputDataError({
    operation,
    expected: `${range.length} bytes at offset ${range.offset} of ${name}`,
    received: `the end of the data at byte ${size}`,
    hint: 'The file is truncated or changed while it was read.',
  });
}

function missing(path: string, cause: unknown): InputDataError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
  const received = code === 'ENOENT' || code === 'ENOTDIR' ? `${path}, which does not exist` : `${path} (${code})`;
  return new InputDataError({ operation, expected: 'a readable file', received, cause });
}
