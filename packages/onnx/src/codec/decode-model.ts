import { ModelFormatError } from '@bitwright/core';
import { fromBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema } from '../generated/onnx_pb';
import { scanWire } from './scan-wire';
import { sniffFormat } from './sniff-format';

/** Largest serialized model: the cap of the protobuf format, 2^31 − 1 bytes. */
export const maxModelBytes: number = 2 ** 31 - 1;

/** Limits that keep a hostile file from exhausting memory; the defaults fit every real model we know. */
export interface DecodeOptions {
  /** Deepest nesting of messages; each level of subgraph takes 3. Default 100. */
  readonly maxDepth?: number;
  /**
   * Estimated memory of the decoded messages in bytes, not counting raw_data, which stays a view of the input.
   * Default 1 GiB.
   */
  readonly maxObjectBytes?: number;
  /** Where the bytes come from, for messages: a file path. */
  readonly source?: string;
}

const defaultMaxDepth = 100;
const defaultMaxObjectBytes = 2 ** 30;

/**
 * Decodes a serialized ONNX model. raw_data and other byte fields are views of `bytes` (nothing is copied, so do not
 * change `bytes` while the model is in use); unknown fields are kept and written back by `encodeModel`.
 *
 * @throws {ModelFormatError} when the bytes are not a complete ONNX model, nest too deep or ask for too much memory
 */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): ModelProto {
  const source = options.source === undefined ? 'the model' : JSON.stringify(options.source);
  if (bytes.length === 0) throw notAModel(source, bytes, 'an empty file');
  if (bytes.length > maxModelBytes) {
    throw notAModel(source, bytes, `${bytes.length} bytes; a single file cannot exceed ${maxModelBytes}`);
  }
  const maxDepth = options.maxDepth ?? defaultMaxDepth;
  const model = decode(source, bytes, maxDepth, options.maxObjectBytes ?? defaultMaxObjectBytes);
  if (model.graph === undefined) throw notAModel(source, bytes, 'a message without a graph');
  return model;
}

function decode(source: string, bytes: Uint8Array, maxDepth: number, maxObjectBytes: number): ModelProto {
  try {
    scanWire(ModelProtoSchema, bytes, { maxDepth, maxObjectBytes, source });
  } catch (error) {
    const format = sniffFormat(bytes);
    throw format === undefined ? error : notAModel(source, bytes, format, error);
  }
  try {
    // A plain Uint8Array, so that byte fields of the model never are Buffers, whose slice() does not copy.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return fromBinary(ModelProtoSchema, plain, { recursionLimit: maxDepth + 2 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw notAModel(source, bytes, `bytes that do not decode (${reason})`, error);
  }
}

function notAModel(source: string, bytes: Uint8Array, received: string, cause?: unknown): ModelFormatError {
  const format = sniffFormat(bytes);
  const isNamed = format === undefined || received === format;
  return new ModelFormatError({
    operation: '[onnx] decodeModel',
    expected: `${source} to be a serialized ONNX model`,
    received: isNamed ? received : `${received}: it looks like ${format}`,
    cause,
  });
}
