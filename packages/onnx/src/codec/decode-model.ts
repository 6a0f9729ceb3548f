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
  if (bytes.length === 0) throw notAModel(bytes, 'an empty file');
  if (bytes.length > maxModelBytes) {
    throw notAModel(bytes, `${bytes.length} bytes; a single file cannot exceed ${maxModelBytes}`);
  }
  const maxDepth = options.maxDepth ?? defaultMaxDepth;
  const maxObjectBytes = options.maxObjectBytes ?? defaultMaxObjectBytes;
  const model = decode(bytes, maxDepth, maxObjectBytes);
  if (model.graph === undefined) throw notAModel(bytes, 'a message without a graph');
  return model;
}

function decode(bytes: Uint8Array, maxDepth: number, maxObjectBytes: number): ModelProto {
  try {
    scanWire(ModelProtoSchema, bytes, { maxDepth, maxObjectBytes });
  } catch (error) {
    const format = sniffFormat(bytes);
    throw format === undefined ? error : notAModel(bytes, format, error);
  }
  try {
    return fromBinary(ModelProtoSchema, bytes, { recursionLimit: maxDepth + 2 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw notAModel(bytes, `bytes that do not decode (${reason})`, error);
  }
}

function notAModel(bytes: Uint8Array, received: string, cause?: unknown): ModelFormatError {
  const format = sniffFormat(bytes);
  const isNamed = format === undefined || received === format;
  return new ModelFormatError({
    operation: '[onnx] decodeModel',
    expected: 'a serialized ONNX model',
    received: isNamed ? received : `${received}: it looks like ${format}`,
    cause,
  });
}
