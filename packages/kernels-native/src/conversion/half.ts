import { assertArray } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';

/**
 * Float32 to IEEE binary16 bit patterns: ties to even, subnormal numbers kept, too large becomes infinity, NaN stays NaN.
 *
 * @throws {ShapeMismatchError} when `out` has another length
 * @throws {InvalidArgumentError} when an array is of another type or in shared memory
 */
export function toFloat16(context: NativeContext, x: Float32Array, out: Uint16Array): void {
  toHalf('toFloat16', context, 0, x, out);
}

/** IEEE binary16 bit patterns to float32, exactly. */
export function fromFloat16(context: NativeContext, half: Uint16Array, out: Float32Array): void {
  fromHalf('fromFloat16', context, 0, half, out);
}

/** Float32 to bfloat16 bit patterns: ties to even, NaN stays NaN. */
export function toBfloat16(context: NativeContext, x: Float32Array, out: Uint16Array): void {
  toHalf('toBfloat16', context, 1, x, out);
}

/** Bfloat16 bit patterns to float32, exactly. */
export function fromBfloat16(context: NativeContext, half: Uint16Array, out: Float32Array): void {
  fromHalf('fromBfloat16', context, 1, half, out);
}

// — internals —

function toHalf(operation: string, context: NativeContext, format: number, x: unknown, out: unknown): void {
  assertArray(operation, 'x', x, 'Float32Array', undefined);
  assertArray(operation, 'out', out, 'Uint16Array', x.length);
  checkStatus(operation, context.addon.toHalf(context.handle, format, x, out));
}

function fromHalf(operation: string, context: NativeContext, format: number, half: unknown, out: unknown): void {
  assertArray(operation, 'half', half, 'Uint16Array', undefined);
  assertArray(operation, 'out', out, 'Float32Array', half.length);
  checkStatus(operation, context.addon.fromHalf(context.handle, format, half, out));
}
