import { assertArray } from '../arguments';
import { checkGrid, type QuantizationGrid } from '../fake-quantize/quantization-grid';
import { checkStatus, type NativeContext } from '../native-context';
import type { ByteOrWordCodes } from './binding';
import { assertByteOrWordCodes } from './codes';

/**
 * Real numbers to codes: ONNX QuantizeLinear to the bit.
 *
 * Formula:  out = saturate(round(x/scale) + zeroPoint), half to even; NaN gives qmin
 *
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when `out` cannot hold the codes, or an array is of another type or in shared memory
 */
export function quantizeF32(
  context: NativeContext,
  grid: QuantizationGrid,
  x: Float32Array,
  out: ByteOrWordCodes,
): void {
  checkStatus('quantizeF32', context.addon.quantize(...quantizeArguments(context, grid, x, out)));
}

/** {@link quantizeF32} on another thread. The arrays must neither change nor be transferred until it is done. */
export async function quantizeF32Async(
  context: NativeContext,
  grid: QuantizationGrid,
  x: Float32Array,
  out: ByteOrWordCodes,
): Promise<void> {
  checkStatus('quantizeF32', await context.addon.quantizeAsync(...quantizeArguments(context, grid, x, out)));
}

/**
 * Codes to real numbers: out = (codes − zeroPoint)·scale, float32 after every step.
 *
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when an array is of another type or in shared memory
 */
export function dequantizeF32(
  context: NativeContext,
  grid: QuantizationGrid,
  codes: ByteOrWordCodes,
  out: Float32Array,
): void {
  checkStatus('dequantizeF32', context.addon.dequantize(...dequantizeArguments(context, grid, codes, out)));
}

/** {@link dequantizeF32} on another thread. The arrays must neither change nor be transferred until it is done. */
export async function dequantizeF32Async(
  context: NativeContext,
  grid: QuantizationGrid,
  codes: ByteOrWordCodes,
  out: Float32Array,
): Promise<void> {
  checkStatus('dequantizeF32', await context.addon.dequantizeAsync(...dequantizeArguments(context, grid, codes, out)));
}

// — internals —

type Quantize = Parameters<NativeContext['addon']['quantize']>;
type Dequantize = Parameters<NativeContext['addon']['dequantize']>;

function quantizeArguments({ handle }: NativeContext, grid: QuantizationGrid, x: unknown, out: unknown): Quantize {
  const checked = checkGrid('quantizeF32', grid);
  assertArray('quantizeF32', 'x', x, 'Float32Array', checked.layout.count);
  assertByteOrWordCodes('quantizeF32', 'out', out, checked.layout.count, grid);
  return [handle, ...checked.arguments, x, out];
}

function dequantizeArguments(
  { handle }: NativeContext,
  grid: QuantizationGrid,
  codes: unknown,
  out: unknown,
): Dequantize {
  const checked = checkGrid('dequantizeF32', grid);
  assertByteOrWordCodes('dequantizeF32', 'codes', codes, checked.layout.count);
  assertArray('dequantizeF32', 'out', out, 'Float32Array', checked.layout.count);
  return [handle, ...checked.arguments, codes, out];
}
