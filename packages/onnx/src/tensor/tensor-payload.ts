import { ModelFormatError } from '@bitwright/core';
import { isFieldSet } from '@bufbuild/protobuf';
import { type TensorProto, TensorProtoSchema } from '../generated/onnx_pb';
import { dataTypeInfo, type TypedField } from './data-type';
import { describeTensor, tensorByteLength } from './tensor-size';

/** Where the elements of a tensor are. */
export type TensorPayload = 'raw' | 'external' | TypedField | 'none';

/** Value of `Tensor.dataLocation`. */
export const DataLocation = { DEFAULT: 0, EXTERNAL: 1 } as const;

/** Fetches the bytes of a tensor whose data lie outside the model; its result is checked for length. */
export type ExternalDataReader = (tensor: TensorProto) => Uint8Array;

const typedFields: readonly TypedField[] = [
  'floatData',
  'int32Data',
  'int64Data',
  'doubleData',
  'uint64Data',
  'stringData',
];

/** True when the elements lie in another file. */
export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === DataLocation.EXTERNAL;
}

/**
 * Finds the one payload of a tensor; `none` means no payload at all (valid only for zero elements).
 *
 * @throws {ModelFormatError} when there are several payloads, the typed field does not belong to the data type, or
 *   data_location is unknown
 */
export function tensorPayload(tensor: TensorProto): TensorPayload {
  const found: TensorPayload[] = typedFields.filter((field) => tensor[field].length > 0);
  if (isFieldSet(tensor, TensorProtoSchema.field.rawData)) found.unshift('raw');
  if (isExternal(tensor)) {
    // Loaders that pull external bytes into memory may leave an empty raw_data behind.
    if (tensor.rawData.length === 0 && found[0] === 'raw') found.shift();
    found.unshift('external');
  } else if (tensor.dataLocation !== DataLocation.DEFAULT) {
    throw payloadError(tensor, 'data_location 0 (default) or 1 (external)', `${tensor.dataLocation}`);
  }
  const [payload = 'none', second] = found;
  if (second !== undefined) throw payloadError(tensor, 'exactly one payload', `both ${payload} and ${second}`);
  const { name, typedField } = dataTypeInfo(tensor.dataType);
  if (payload !== 'none' && payload !== 'raw' && payload !== 'external' && payload !== typedField) {
    throw payloadError(tensor, `elements of ${name} in raw_data or ${typedField}`, payload);
  }
  return payload;
}

/** Error about the payload of one tensor. */
export function payloadError(tensor: TensorProto, expected: string, received: string, hint?: string): ModelFormatError {
  return new ModelFormatError({
    operation: '[onnx] read tensor',
    expected: `${describeTensor(tensor)} to have ${expected}`,
    received,
    hint,
  });
}

/**
 * raw_data or external bytes of exactly the length that dims and data type demand (a view, not a copy).
 *
 * @throws {ModelFormatError} when the length differs, or the tensor is external and there is no reader
 */
export function rawOrExternalBytes(
  tensor: TensorProto,
  payload: 'raw' | 'external',
  readExternal: ExternalDataReader | undefined,
): Uint8Array {
  const expected = tensorByteLength(tensor);
  if (payload === 'external' && readExternal === undefined) {
    const hint = 'Read the model with readModelFile and pass its externalData.read.';
    throw payloadError(tensor, 'its elements in the model or a reader for external data', 'external data', hint);
  }
  const bytes = payload === 'external' && readExternal !== undefined ? readExternal(tensor) : tensor.rawData;
  if (bytes.byteLength === expected) return bytes;
  const shape = `dims [${tensor.dims.join(',')}] of ${dataTypeInfo(tensor.dataType).name}`;
  throw payloadError(tensor, `${expected} bytes (${shape})`, `${bytes.byteLength} bytes`);
}
