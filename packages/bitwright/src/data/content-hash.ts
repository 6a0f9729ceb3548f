import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { InputDataError } from '@bitwright/core';
import type { HashedFile } from './indexed-source';

/**
 * Lower-case hexadecimal SHA-256 of an ordered list of files: of `label NUL sha256(bytes) LF` for each.
 *
 * Files are streamed. Labels, not paths, enter the hash, so that data may move.
 *
 * @throws {InputDataError} when a file cannot be read
 */
export async function hashFiles(files: readonly HashedFile[]): Promise<string> {
  const total = createHash('sha256');
  for (const file of files) total.update(`${file.label}\0${await hashFile(file.path)}\n`);
  return total.digest('hex');
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  } catch (cause) {
    throw new InputDataError({
      operation: '[bitwright] hash data',
      expected: 'a readable file',
      received: `${path} (${cause instanceof Error ? cause.message : String(cause)})`,
      cause,
    });
  }
  return hash.digest('hex');
}
