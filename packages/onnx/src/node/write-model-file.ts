import { basename, dirname, join } from 'node:path';
import { ExportError, QuantError } from '@bitwright/core';
import { create } from '@bufbuild/protobuf';
import { maxModelBytes } from '../codec/decode-model';
import { encodeCheckedParts, tooLarge } from '../codec/encode-model';
import { locationSegments } from '../external/external-location';
import { inlineTensor, withoutPayload } from '../external/inline-tensor';
import { mapInitializers } from '../external/map-initializers';
import { describePlace, walkTensors } from '../external/walk-tensors';
import { StringStringEntryProtoSchema } from '../generated/onnx_pb';
import type { Model, Tensor } from '../message/types';
import { DataType } from '../tensor/data-type';
import { DataLocation, isExternal } from '../tensor/tensor-payload';
import { describeTensor, tensorByteLength } from '../tensor/tensor-size';
import { tensorToBytes } from '../tensor/tensor-to-array';
import { type AtomicFiles, assertWritable, atomicFiles, type PendingFile } from './atomic-files';
import type { ExternalData } from './external-data';

/** How a model is laid out on disk. */
export interface WriteModelOptions {
  /**
   * `never`: one file. `always`: tensors of at least `sizeThreshold` bytes go to `<name>.data` beside the model.
   * `auto` (default): as `always` when the model already has external tensors or would exceed 2 GiB − 1, else one file.
   */
  readonly externalData?: 'auto' | 'always' | 'never';
  /** Smallest external tensor in bytes. Default 1024. */
  readonly sizeThreshold?: number;
  /** Replace existing files. Default false. */
  readonly overwrite?: boolean;
  /** Reader of the tensors that are still external: `externalData` of the file the model was read from. */
  readonly source?: ExternalData;
  /**
   * Change of each initializer at the moment it is written, so that a model larger than memory can be rewritten with
   * only one tensor in memory. Return the tensor itself to keep it.
   */
  readonly mapTensor?: (tensor: Tensor) => Tensor;
  readonly signal?: AbortSignal;
}

/** What was written. */
export interface WrittenModel {
  readonly path: string;
  readonly byteLength: number;
  /** The external data file, when there is one. */
  readonly dataPath: string | undefined;
  readonly dataByteLength: number;
  readonly externalTensors: number;
}

/** Every external tensor starts at a multiple of this many bytes, so that runtimes can map it into memory. */
const alignment = 4096;
const defaultSizeThreshold = 1024;
/** Room left for nodes and names when deciding whether a model fits one file. */
const reservedBytes = 2 ** 26;
const operation = '[onnx] writeModelFile';

/**
 * Writes a model, and its external data file where it needs one, so that both appear complete or not at all. Tensors
 * that are external in the source are copied in small pieces; others are written one after the other.
 *
 * @throws {ExportError} when the target exists (without `overwrite`), cannot be written, or the model does not fit
 * @throws {ModelFormatError} when a tensor's bytes do not match its dims and data type
 * @throws {AbortedError} when `signal` fires; nothing is left behind
 */
export async function writeModelFile(
  model: Model,
  path: string,
  options: WriteModelOptions = {},
): Promise<WrittenModel> {
  const { overwrite = false, signal } = options;
  await assertWritable(path, overwrite);
  refuseMisplaced(model);
  const files = atomicFiles({ overwrite, ...(signal === undefined ? {} : { signal }) });
  try {
    const moved = isSplit(model, options)
      ? await moveTensorsOut(model, path, files, options)
      : { model: inlineAll(model, options), dataPath: undefined, dataByteLength: 0, externalTensors: 0 };
    const { parts, byteLength } = encodeCheckedParts(moved.model);
    const file = await files.create(path);
    let position = 0;
    for (const part of parts) {
      await file.write(part, position);
      position += part.byteLength;
    }
    await files.commit();
    const { dataPath, dataByteLength, externalTensors } = moved;
    return { path, byteLength, dataPath, dataByteLength, externalTensors };
  } catch (error) {
    await files.rollback();
    throw QuantError.isInstance(error) ? error : notWritten(path, error);
  }
}

function notWritten(path: string, error: unknown): ExportError {
  return new ExportError({
    operation,
    expected: `to write ${JSON.stringify(path)}`,
    received: error instanceof Error ? error.message : String(error),
    cause: error,
  });
}

function refuseMisplaced(model: Model): void {
  for (const { tensor, place } of walkTensors(model)) {
    if (place === 'initializer' || !isExternal(tensor)) continue;
    throw new ExportError({
      operation,
      expected: 'external data only in initializers',
      received: `${describeTensor(tensor)} in ${describePlace(place)}`,
    });
  }
}

/** Bytes an initializer takes as raw data; 0 for strings, which always stay inside. */
function rawLength(tensor: Tensor): number {
  return tensor.dataType === DataType.STRING ? 0 : tensorByteLength(tensor);
}

function isSplit(model: Model, { externalData = 'auto' }: WriteModelOptions): boolean {
  if (externalData !== 'auto') return externalData === 'always';
  let total = 0;
  for (const { tensor, place } of walkTensors(model)) {
    if (place === 'initializer' && isExternal(tensor)) return true;
    total += tensor.dataLocation === DataLocation.DEFAULT ? rawLength(tensor) : 0;
  }
  return total > maxModelBytes - reservedBytes;
}

function inlineAll(model: Model, { mapTensor, source }: WriteModelOptions): Model {
  let total = 0;
  return mapInitializers(model, (tensor) => {
    const wanted = mapTensor?.(tensor) ?? tensor;
    total += rawLength(wanted);
    if (total > maxModelBytes) throw tooLarge(total);
    return isExternal(wanted) ? inlineTensor(wanted, requireSource(wanted, source).read) : wanted;
  });
}

function requireSource(tensor: Tensor, source: ExternalData | undefined): ExternalData {
  if (source !== undefined) return source;
  throw new ExportError({
    operation,
    expected: `the option source to read ${describeTensor(tensor)}, which is external`,
    received: 'no source',
    hint: 'Pass source: externalData from readModelFile.',
  });
}

interface MovedTensors {
  readonly model: Model;
  readonly dataPath: string | undefined;
  readonly dataByteLength: number;
  readonly externalTensors: number;
}

function initializers(model: Model): Tensor[] {
  const found: Tensor[] = [];
  mapInitializers(model, (tensor) => {
    found.push(tensor);
    return tensor;
  });
  return found;
}

async function moveTensorsOut(
  model: Model,
  path: string,
  files: AtomicFiles,
  { sizeThreshold = defaultSizeThreshold, source, mapTensor }: WriteModelOptions,
): Promise<MovedTensors> {
  const location = `${basename(path)}.data`;
  locationSegments(location, `the tensors of ${JSON.stringify(path)}`);
  const dataPath = join(dirname(path), location);
  const stored = new Map<Tensor, Tensor>();
  let file: PendingFile | undefined;
  let end = 0;
  let externalTensors = 0;
  for (const original of initializers(model)) {
    const tensor = mapTensor?.(original) ?? original;
    const byteLength = rawLength(tensor);
    if (byteLength === 0 || byteLength < sizeThreshold) {
      const isKept = !isExternal(tensor);
      stored.set(original, isKept ? tensor : inlineTensor(tensor, requireSource(tensor, source).read));
      continue;
    }
    file ??= await files.create(dataPath);
    const offset = Math.ceil(end / alignment) * alignment;
    await copyPayload(tensor, file, offset, source);
    end = offset + byteLength;
    externalTensors++;
    stored.set(original, externalStub(tensor, location, offset, byteLength));
  }
  const moved = mapInitializers(model, (tensor) => stored.get(tensor) ?? tensor);
  return { model: moved, dataPath: file?.path, dataByteLength: end, externalTensors };
}

async function copyPayload(
  tensor: Tensor,
  file: PendingFile,
  offset: number,
  source: ExternalData | undefined,
): Promise<void> {
  if (!isExternal(tensor)) {
    await file.write(tensorToBytes(tensor), offset);
    return;
  }
  let position = offset;
  for (const piece of requireSource(tensor, source).readChunks(tensor)) {
    await file.write(piece, position);
    position += piece.byteLength;
  }
}

function externalStub(tensor: Tensor, location: string, offset: number, byteLength: number): Tensor {
  const stub = withoutPayload(tensor);
  const entry = (key: string, value: string) => create(StringStringEntryProtoSchema, { key, value });
  stub.externalData = [
    entry('location', location),
    entry('offset', String(offset)),
    entry('length', String(byteLength)),
  ];
  stub.dataLocation = DataLocation.EXTERNAL;
  return stub;
}
