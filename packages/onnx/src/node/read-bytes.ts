import { constants as bufferConstants } from 'node:buffer';
import { readSync } from 'node:fs';
import { InputDataError } from '@bitwright/core';

/** Most bytes asked of the operating system in one call. */
const chunkBytes = 2 ** 28;

/** Fills `target` from an open file, starting at byte `position`; false when the file ends first. */
export function readInto(fd: number, target: Uint8Array, position: number): boolean {
  let done = 0;
  while (done < target.byteLength) {
    const wanted = Math.min(chunkBytes, target.byteLength - done);
    const got = readSync(fd, target, done, wanted, position + done);
    if (got === 0) return false;
    done += got;
  }
  return true;
}

/**
 * Uninitialized memory for `byteLength` bytes of `what`.
 *
 * @throws {InputDataError} when this JavaScript engine cannot hold that many in one array
 */
export function allocateBytes(byteLength: number, what: string): Uint8Array {
  const received = `${byteLength} bytes`;
  const expected = `${what} to fit into one array (${bufferConstants.MAX_LENGTH} bytes) and into memory`;
  const operation = '[onnx] allocate';
  if (byteLength > bufferConstants.MAX_LENGTH) throw new InputDataError({ operation, expected, received });
  try {
    return new Uint8Array(Buffer.allocUnsafeSlow(byteLength).buffer);
  } catch (error) {
    throw new InputDataError({ operation, expected, received, cause: error });
  }
}
