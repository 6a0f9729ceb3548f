import { ModelFormatError } from '@bitwright/core';
import type { TensorProto } from '../generated/onnx_pb';
import { findDataType } from './data-type';

/** `tensor "conv1.weight"`, for messages. */
export function describeTensor(tensor: TensorProto): string {
  return tensor.name === '' ? 'a tensor without a name' : `tensor ${JSON.stringify(tensor.name)}`;
}

/**
 * Sizes of the axes as numbers; `[]` is a scalar.
 *
 * @throws {ModelFormatError} when a size is negative or above 2^53 − 1
 */
export function tensorShape(tensor: TensorProto): number[] {
  return tensor.dims.map((dim, axis) => {
    const size = Number(dim);
    if (size >= 0 && Number.isSafeInteger(size)) return size;
    throw new ModelFormatError({
      operation: '[onnx] tensorShape',
      expected: `axis ${axis} of ${describeTensor(tensor)} to have a size from 0 to 2^53 − 1`,
      received: `${dim}`,
    });
  });
}

/**
 * Number of elements, ∏ dims (1 for a scalar), computed without overflow.
 *
 * @throws {ModelFormatError} when a size is invalid or the product exceeds 2^53 − 1
 */
export function tensorElementCount(tensor: TensorProto): number {
  const shape = tensorShape(tensor);
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (count > Number.MAX_SAFE_INTEGER) {
      throw new ModelFormatError({
        operation: '[onnx] tensorElementCount',
        expected: `${describeTensor(tensor)} to have at most 2^53 − 1 elements`,
        received: `dims [${tensor.dims.slice(0, 8).join(',')}${tensor.dims.length > 8 ? ',…' : ''}]`,
      });
    }
  }
  return count;
}

/**
 * Exact bytes of the elements in raw_data or external data: ceil(∏ dims · bits / 8).
 *
 * @throws {ModelFormatError} for strings (they have no fixed size), unknown data types and impossible dims
 */
export function tensorByteLength(tensor: TensorProto): number {
  const info = findDataType(tensor.dataType);
  if (info === undefined || info.kind === 'string') {
    throw new ModelFormatError({
      operation: '[onnx] tensorByteLength',
      expected: `${describeTensor(tensor)} to have a data type of fixed size`,
      received: info?.name ?? `data type ${tensor.dataType}`,
    });
  }
  const count = tensorElementCount(tensor);
  const bytes = info.bits < 8 ? Math.ceil(count / (8 / info.bits)) : count * (info.bits / 8);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new ModelFormatError({
    operation: '[onnx] tensorByteLength',
    expected: `${describeTensor(tensor)} to have at most 2^53 − 1 bytes`,
    received: `${count} elements of ${info.name}`,
  });
}
