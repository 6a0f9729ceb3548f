import { ModelFormatError } from '@bitwright/core';
import type { TensorProto } from '../generated/onnx_pb';
import { describeTensor, tensorByteLength } from '../tensor/tensor-size';
import { locationSegments } from './external-location';

/** Where the bytes of an external tensor are, fully checked against the tensor but not against the file. */
export interface ExternalSlice {
  /** File below the folder of the model, as path segments. */
  readonly segments: readonly string[];
  /** First byte in the file. */
  readonly offset: number;
  /** Exact bytes of the tensor. */
  readonly byteLength: number;
  /** SHA-1 of the whole file, lower-case hex, when the model states it. */
  readonly checksum: string | undefined;
  /** Entries with keys this package does not know; they are ignored. */
  readonly unknownKeys: readonly string[];
}

const knownKeys = ['location', 'offset', 'length', 'checksum'];
const decimal = /^(0|[1-9][0-9]*)$/;

function sliceError(tensor: TensorProto, expected: string, received: string): ModelFormatError {
  return new ModelFormatError({
    operation: '[onnx] read external data',
    expected: `${describeTensor(tensor)} to have ${expected}`,
    received,
  });
}

function readNumber(tensor: TensorProto, key: string, text: string): number {
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw sliceError(tensor, `a decimal ${key} from 0 to 2^53 − 1`, JSON.stringify(text.slice(0, 40)));
}

/**
 * Reads the external_data entries of a tensor.
 *
 * @throws {ModelFormatError} for a missing, doubled or malformed entry, a location outside the folder, or a length other
 *   than the exact bytes that dims and data type demand
 */
export function externalSlice(tensor: TensorProto): ExternalSlice {
  const entries = new Map<string, string>();
  for (const { key, value } of tensor.externalData) {
    if (entries.has(key)) throw sliceError(tensor, 'each external_data key once', `${JSON.stringify(key)} twice`);
    entries.set(key, value);
  }
  const location = entries.get('location');
  if (location === undefined) throw sliceError(tensor, 'an external_data location', 'none');
  const segments = locationSegments(location, describeTensor(tensor));
  const offset = readNumber(tensor, 'offset', entries.get('offset') ?? '0');
  const byteLength = tensorByteLength(tensor);
  const length = entries.get('length');
  if (length !== undefined && readNumber(tensor, 'length', length) !== byteLength) {
    throw sliceError(tensor, `an external length of ${byteLength} bytes (dims [${tensor.dims.join(',')}])`, length);
  }
  if (!Number.isSafeInteger(offset + byteLength)) {
    throw sliceError(tensor, 'offset + length below 2^53', `${offset} + ${byteLength}`);
  }
  const checksum = entries.get('checksum')?.toLowerCase();
  if (checksum !== undefined && !/^[0-9a-f]{40}$/.test(checksum)) {
    throw sliceError(tensor, 'a checksum of 40 hexadecimal digits (SHA-1)', JSON.stringify(checksum.slice(0, 60)));
  }
  const unknownKeys = [...entries.keys()].filter((key) => !knownKeys.includes(key));
  return { segments, offset, byteLength, checksum, unknownKeys };
}
