import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { InputDataError } from '@bitwright/core';
import { type ByteSource, memorySource, windowSource } from './byte-source';
import { openNpy } from './npy';
import type { StoredArray } from './stored-array';
import { readZipDirectory, type ZipEntry, zipEntryOffset } from './zip-directory';

/** The arrays of a .npz archive. */
export interface NpzFile {
  /** Array names, without the ending .npy, in stored order. */
  readonly names: readonly string[];
  /** Entries that are no arrays. */
  readonly otherEntries: readonly string[];
  open(name: string): Promise<StoredArray>;
}

/** How much an archive may expand. */
export interface NpzLimits {
  /** Largest compressed array, in bytes after decompression. Uncompressed arrays of any size are read in place. */
  readonly inflatedBytes: number;
  /** Largest ratio of inflated to compressed bytes, applied from `ratioFromBytes` inflated bytes on. */
  readonly ratio: number;
  readonly ratioFromBytes: number;
}

export const defaultNpzLimits: NpzLimits = Object.freeze({
  inflatedBytes: 2 ** 30,
  ratio: 200,
  ratioFromBytes: 64 * 2 ** 20,
});

const readStep = 2 ** 20;

/**
 * Opens a .npz archive by its directory. Uncompressed arrays (np.savez) are then read by position in constant memory;
 * compressed ones (np.savez_compressed) are inflated into memory when opened, within `limits`, and their CRC checked.
 *
 * @throws {InputDataError} when the archive is malformed or holds no array
 */
export async function openNpz(source: ByteSource, limits: NpzLimits = defaultNpzLimits): Promise<NpzFile> {
  const entries = await readZipDirectory(source);
  const arrays = new Map(
    entries.filter((entry) => entry.name.endsWith('.npy')).map((entry) => [entry.name.slice(0, -4), entry]),
  );
  if (arrays.size === 0) {
    throw refuse(source.name, 'at least one .npy array', `${entries.length} entries and none of them`);
  }
  return Object.freeze({
    names: Object.freeze([...arrays.keys()]),
    otherEntries: Object.freeze(entries.map((entry) => entry.name).filter((name) => !name.endsWith('.npy'))),
    open: async (name: string) => {
      const entry = arrays.get(name);
      if (entry === undefined)
        throw refuse(source.name, `an array '${name}'`, `arrays ${[...arrays.keys()].join(', ')}`);
      return openNpy(await openEntry(source, entry, limits));
    },
  });
}

async function openEntry(source: ByteSource, entry: ZipEntry, limits: NpzLimits): Promise<ByteSource> {
  const name = `${source.name}:${entry.name}`;
  if (entry.size === 0) throw refuse(source.name, 'arrays with data', `the empty entry '${entry.name}'`);
  const offset = await zipEntryOffset(source, entry);
  if (entry.method === 'stored') return windowSource(source, name, offset, entry.size);

  const ratio = entry.size / Math.max(1, entry.compressedSize);
  const suspicious = entry.size >= limits.ratioFromBytes && ratio > limits.ratio;
  if (entry.size > limits.inflatedBytes || suspicious) {
    throw new InputDataError({
      operation: `[bitwright] read .npz ${source.name}`,
      expected: `compressed arrays of at most ${limits.inflatedBytes} bytes that expand at most ${limits.ratio} times`,
      received: `'${entry.name}' of ${entry.size} bytes, expanding ${Math.round(ratio)} times`,
      hint: 'Save it uncompressed (np.savez) to read it in place.',
    });
  }
  return memorySource(name, await inflate(source, entry, offset));
}

/** Inflates in steps and stops at the first byte beyond the declared size. */
async function inflate(source: ByteSource, entry: ZipEntry, offset: number): Promise<Uint8Array> {
  async function* compressed(): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < entry.compressedSize; done += readStep) {
      const length = Math.min(readStep, entry.compressedSize - done);
      const [chunk] = await source.read([{ offset: offset + done, length }]);
      if (chunk !== undefined) yield chunk;
    }
  }
  const input = Readable.from(compressed(), { objectMode: false });
  const inflater = createInflateRaw();
  input.once('error', (error) => inflater.destroy(error));
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of input.pipe(inflater) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > entry.size) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new InputDataError({
      operation: `[bitwright] read .npz ${source.name}`,
      expected: `valid deflate data in '${entry.name}'`,
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  } finally {
    input.destroy();
  }
  if (size !== entry.size) {
    const received = size > entry.size ? 'more' : `${size} bytes`;
    throw refuse(source.name, `${entry.size} bytes after inflating '${entry.name}'`, received);
  }
  const bytes = Buffer.concat(chunks, size);
  if (crc32(bytes) !== entry.crc32) {
    throw refuse(source.name, `data matching the checksum of '${entry.name}'`, 'corrupted data');
  }
  return bytes;
}

function refuse(name: string, expected: string, received: string): InputDataError {
  return new InputDataError({ operation: `[bitwright] read .npz ${name}`, expected, received });
}
