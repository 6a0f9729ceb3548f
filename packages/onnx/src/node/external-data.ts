import { createHash } from 'node:crypto';
import { ModelFormatError } from '@bitwright/core';
import { type ExternalSlice, externalSlice } from '../external/external-slice';
import { describePlace, type TensorPlace, walkTensors } from '../external/walk-tensors';
import type { Model, Tensor } from '../message/types';
import { isExternal } from '../tensor/tensor-payload';
import { describeTensor } from '../tensor/tensor-size';
import { type ContainedFile, checkContainedFile, withContainedFile } from './contained-file';
import { allocateBytes, readInto } from './read-bytes';

/** How far external files are trusted. */
export interface ExternalDataOptions {
  /**
   * Accept external files that are symbolic links, lie behind links or have several hard links, wherever they lead
   * (download caches store files that way). Default false.
   */
  readonly allowLinks?: boolean;
  /** Most bytes all external tensors may declare together. Default 2^38 (256 GiB). */
  readonly maxExternalBytes?: number;
  /** Check the SHA-1 of each external file for which the model states one; reads the file once. Default true. */
  readonly verifyChecksums?: boolean;
}

/** Reads tensors that a model keeps in other files, one at a time. Holds no file open. */
export interface ExternalData {
  /** Folder against which locations are resolved. */
  readonly folder: string;
  /** What was tolerated while checking, in words. */
  readonly warnings: readonly string[];
  /**
   * The bytes of an external tensor, freshly read. Usable as the reader of `tensorToArray`.
   *
   * @throws {ModelFormatError} when the tensor breaks a rule or the file changed
   * @throws {InputDataError} when the file is missing or unreadable
   */
  readonly read: (tensor: Tensor) => Uint8Array;
  /**
   * The same bytes in consecutive pieces. The memory of a piece is used again for the next one.
   *
   * @throws as `read`
   */
  readonly readChunks: (tensor: Tensor, chunkBytes?: number) => Generator<Uint8Array>;
}

const defaultMaxExternalBytes = 2 ** 38;
const defaultChunkBytes = 2 ** 23;
const operation = '[onnx] read external data';

/** A file of a model, checked once per reader. */
type FileOf = (slice: ExternalSlice) => ContainedFile;

function rememberFiles(folder: string, allowLinks: boolean): FileOf {
  const files = new Map<string, ContainedFile>();
  return ({ segments }) => {
    const key = segments.join('/');
    const file = files.get(key) ?? checkContainedFile(folder, segments, allowLinks);
    files.set(key, file);
    return file;
  };
}

function checkedSlice(tensor: Tensor, fileOf: FileOf): ExternalSlice & { readonly file: ContainedFile } {
  const slice = externalSlice(tensor);
  const file = fileOf(slice);
  if (slice.offset + slice.byteLength > file.byteLength) {
    throw new ModelFormatError({
      operation,
      expected: `${describeTensor(tensor)} to end within ${JSON.stringify(file.label)} (${file.byteLength} bytes)`,
      received: `offset ${slice.offset} + length ${slice.byteLength}`,
      hint: 'The external file is truncated or belongs to another model.',
    });
  }
  return { ...slice, file };
}

/**
 * Checks every external tensor of a model against the files in `folder` and returns a reader for them.
 *
 * @throws {ModelFormatError} when a location, length, file or checksum breaks a rule, or when tensors in attributes or
 *   sparse tensors are external
 * @throws {InputDataError} when a file is missing or unreadable
 */
export function openExternalData(model: Model, folder: string, options: ExternalDataOptions = {}): ExternalData {
  const fileOf = rememberFiles(folder, options.allowLinks ?? false);
  const warnings = checkModel(model, fileOf, options);

  const read = (tensor: Tensor): Uint8Array => {
    const { file, offset, byteLength } = checkedSlice(tensor, fileOf);
    const bytes = allocateBytes(byteLength, describeTensor(tensor));
    withContainedFile(file, (fd) => fillOrExplain(fd, bytes, offset, file));
    return bytes;
  };

  function* readChunks(tensor: Tensor, chunkBytes: number = defaultChunkBytes): Generator<Uint8Array> {
    const { file, offset, byteLength } = checkedSlice(tensor, fileOf);
    const buffer = allocateBytes(Math.min(chunkBytes, byteLength), describeTensor(tensor));
    for (let done = 0; done < byteLength; done += buffer.byteLength) {
      const piece = buffer.subarray(0, Math.min(buffer.byteLength, byteLength - done));
      withContainedFile(file, (fd) => fillOrExplain(fd, piece, offset + done, file));
      yield piece;
    }
  }

  return Object.freeze({ folder, warnings, read, readChunks });
}

function fillOrExplain(fd: number, target: Uint8Array, position: number, file: ContainedFile): void {
  if (readInto(fd, target, position)) return;
  throw new ModelFormatError({
    operation,
    expected: `${position + target.byteLength} bytes in ${JSON.stringify(file.label)}`,
    received: 'the end of the file',
  });
}

function checkModel(model: Model, fileOf: FileOf, options: ExternalDataOptions): readonly string[] {
  const limit = options.maxExternalBytes ?? defaultMaxExternalBytes;
  const checksums = new Map<ContainedFile, string>();
  const warnings: string[] = [];
  let total = 0;
  for (const { tensor, place } of walkTensors(model)) {
    if (!isExternal(tensor)) continue;
    if (place !== 'initializer') throw misplaced(tensor, place);
    const { file, byteLength, checksum, unknownKeys } = checkedSlice(tensor, fileOf);
    total += byteLength;
    if (total > limit) throw tooMuch(limit);
    if (unknownKeys.length > 0) {
      warnings.push(`${describeTensor(tensor)}: external_data keys ignored: ${unknownKeys.join(', ')}`);
    }
    if (checksum === undefined) continue;
    const other = checksums.get(file);
    if (other !== undefined && other !== checksum) throw wrongChecksum(file, other, checksum);
    checksums.set(file, checksum);
  }
  if (options.verifyChecksums ?? true) {
    for (const [file, stated] of checksums) {
      const actual = sha1(file);
      if (actual !== stated) throw wrongChecksum(file, stated, actual);
    }
  }
  return warnings;
}

function sha1(file: ContainedFile): string {
  return withContainedFile(file, (fd) => {
    const hash = createHash('sha1');
    const buffer = allocateBytes(Math.min(defaultChunkBytes, file.byteLength), file.label);
    for (let done = 0; done < file.byteLength; done += buffer.byteLength) {
      const piece = buffer.subarray(0, Math.min(buffer.byteLength, file.byteLength - done));
      fillOrExplain(fd, piece, done, file);
      hash.update(piece);
    }
    return hash.digest('hex');
  });
}

function misplaced(tensor: Tensor, place: TensorPlace): ModelFormatError {
  return new ModelFormatError({
    operation,
    expected: 'external data only in initializers',
    received: `${describeTensor(tensor)} in ${describePlace(place)}`,
    hint: 'Save the model again with these tensors inside the model file.',
  });
}

function tooMuch(limit: number): ModelFormatError {
  return new ModelFormatError({
    operation,
    expected: `external tensors of at most ${limit} bytes together`,
    received: 'more',
    hint: 'If you trust this model, raise maxExternalBytes.',
  });
}

function wrongChecksum(file: ContainedFile, expected: string, received: string): ModelFormatError {
  return new ModelFormatError({
    operation,
    expected: `SHA-1 ${expected} for ${JSON.stringify(file.label)}`,
    received,
    hint: 'The external file is damaged or belongs to another model.',
  });
}
