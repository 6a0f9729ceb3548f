import { ExportError, InvalidArgumentError } from '@bitwright/core';
import type { ModelProto } from '../generated/onnx_pb';
import { maxModelBytes } from './decode-model';
import { type EncodedParts, encodeModelParts } from './encode-parts';

/**
 * Serializes a model as pieces that may be written one after the other; see {@link encodeModel}.
 *
 * @throws {InvalidArgumentError} when a field holds a value its type cannot carry
 * @throws {ExportError} when the result would exceed 2^31 − 1 bytes
 */
export function encodeCheckedParts(model: ModelProto): EncodedParts {
  const encoded = encodeOrExplain(model);
  if (encoded.byteLength <= maxModelBytes) return encoded;
  throw tooLarge(encoded.byteLength);
}

/** Error for a model that does not fit one file. */
export function tooLarge(byteLength: number): ExportError {
  return new ExportError({
    operation: '[onnx] encodeModel',
    expected: `a model of at most ${maxModelBytes} bytes (the protobuf limit of 2 GiB)`,
    received: `${byteLength} bytes or more`,
    hint: "Keep the tensors in an external file: writeModelFile with externalData: 'always'.",
  });
}

function encodeOrExplain(model: ModelProto): EncodedParts {
  try {
    return encodeModelParts(model);
  } catch (error) {
    throw new InvalidArgumentError({
      operation: '[onnx] encodeModel',
      expected: 'messages whose fields hold values of their types',
      received: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

/**
 * Serializes a model: fields in the order of their number, absent fields left out, unknown fields last in their message.
 * A file written in that order is reproduced byte for byte.
 *
 * @throws {InvalidArgumentError} when a field holds a value its type cannot carry
 * @throws {ExportError} when the result would exceed 2^31 − 1 bytes; use external data
 */
export function encodeModel(model: ModelProto): Uint8Array {
  const { parts, byteLength } = encodeCheckedParts(model);
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
