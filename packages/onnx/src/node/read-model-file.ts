import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputDataError, ModelFormatError } from '@bitwright/core';
import { type DecodeOptions, decodeModel, maxModelBytes } from '../codec/decode-model';
import type { Model } from '../message/types';
import { type ExternalData, type ExternalDataOptions, openExternalData } from './external-data';
import { allocateBytes, readInto } from './read-bytes';

/** Limits and trust for reading a model file. */
export interface ReadModelOptions extends ExternalDataOptions, Omit<DecodeOptions, 'source'> {}

/** A model with the reader for the tensors it keeps in other files. */
export interface ModelFile {
  readonly path: string;
  readonly model: Model;
  readonly externalData: ExternalData;
}

const operation = '[onnx] readModelFile';

// O_NONBLOCK: a pipe without a writer is reported instead of waited for.
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads an ONNX file. Tensors in external files stay on disk: they are checked now (place, kind, size, checksum) and read
 * one at a time through `externalData.read`.
 *
 * @throws {InputDataError} when the file, or an external file, is missing, a directory or unreadable
 * @throws {ModelFormatError} when it is not an ONNX model, or its external data break a rule
 */
export async function readModelFile(path: string, options: ReadModelOptions = {}): Promise<ModelFile> {
  const model = decodeModel(readWholeFile(path), { ...options, source: path });
  const externalData = openExternalData(model, dirname(path), options);
  return { path, model, externalData };
}

function readWholeFile(path: string): Uint8Array {
  const fd = openOrExplain(path);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw unusable(path, stats.isDirectory() ? 'a directory' : 'a device, socket or pipe');
    if (stats.size > maxModelBytes) {
      throw new ModelFormatError({
        operation,
        expected: `${JSON.stringify(path)} to have at most ${maxModelBytes} bytes (the protobuf limit)`,
        received: `${stats.size} bytes`,
        hint: 'Larger models keep their tensors in an external data file.',
      });
    }
    const bytes = allocateBytes(stats.size, JSON.stringify(path));
    if (!readInto(fd, bytes, 0)) throw unusable(path, 'a file that became shorter while it was read');
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function openOrExplain(path: string): number {
  try {
    return openSync(path, openFlags);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error), error);
  }
}

function unusable(path: string, received: string, cause?: unknown): InputDataError {
  return new InputDataError({ operation, expected: `a readable file at ${JSON.stringify(path)}`, received, cause });
}
