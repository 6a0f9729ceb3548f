import { InvalidArgumentError, packedLength, type QDType } from '@bitwright/core';
import { assertArray } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';

/**
 * Codes of 1, 2, 4 or 8 bits to packed bytes, lowest bits first (core's pack): int8 codes in an Int8Array, uint8 codes in a
 * Uint8Array.
 *
 * @throws {InvalidArgumentError} when the type has another width, or a code does not fit it (naming code and element)
 * @throws {ShapeMismatchError} when `out` has not packedLength(codes.length, bits) bytes
 */
export function packCodes(context: NativeContext, codes: Int8Array | Uint8Array, type: QDType, out: Uint8Array): void {
  const operation = 'packCodes';
  const length = packedLength(codes.length, type.bits);
  assertCodes(operation, codes, type, undefined);
  assertArray(operation, 'out', out, 'Uint8Array', length);
  const bad = new Float64Array(1);
  const { addon, handle } = context;
  checkStatus(operation, addon.packCodes(handle, type.bits, type.signed ? 1 : 0, codes, out, bad));
  const index = bad[0] as number;
  if (index < 0) return;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: `${type.name} codes within [${type.qmin}, ${type.qmax}]`,
    received: `${codes[index]} at element ${index}`,
  });
}

/**
 * Packed bytes to codes, sign-extended when the type is signed; the inverse of {@link packCodes}.
 *
 * @throws {InvalidArgumentError} when the type has another width, or `out` cannot hold its codes
 * @throws {ShapeMismatchError} when the bytes are not those of out.length codes
 */
export function unpackCodes(
  context: NativeContext,
  bytes: Uint8Array,
  type: QDType,
  out: Int8Array | Uint8Array,
): void {
  const operation = 'unpackCodes';
  assertCodes(operation, out, type, undefined);
  assertArray(operation, 'bytes', bytes, 'Uint8Array', packedLength(out.length, type.bits));
  const { addon, handle } = context;
  checkStatus(operation, addon.unpackCodes(handle, type.bits, type.signed ? 1 : 0, bytes, out));
}

// — internals —

function assertCodes(operation: string, codes: Int8Array | Uint8Array, type: QDType, length: number | undefined): void {
  assertArray(operation, 'codes', codes, type.signed ? 'Int8Array' : 'Uint8Array', length);
}
