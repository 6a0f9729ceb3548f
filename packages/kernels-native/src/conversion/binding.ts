import type { AsyncForms } from '../async-forms';
import type { ContextHandle, LayoutArguments, Status } from '../binding';
import type { GridArguments } from '../fake-quantize/binding';

/** Codes that the conversions take: 8 or 16 bits per element. */
export type ByteOrWordCodes = Int8Array | Uint8Array | Int16Array | Uint16Array;

interface Calls {
  quantize(
    context: ContextHandle,
    ...gridThenArrays: [...GridArguments, x: Float32Array, codes: ByteOrWordCodes]
  ): Status;
  dequantize(
    context: ContextHandle,
    ...gridThenArrays: [...GridArguments, codes: ByteOrWordCodes, x: Float32Array]
  ): Status;
  /** The multiplier as scale. */
  requantize(
    context: ContextHandle,
    ...gridThenArrays: [...GridArguments, acc: Int32Array, codes: ByteOrWordCodes]
  ): Status;
  requantizeFixedPoint(
    context: ContextHandle,
    ...layoutThenRest: [
      ...LayoutArguments,
      roundsTwice: number,
      multiplier: Int32Array,
      exponent: Int32Array,
      zeroPoint: number,
      qmin: number,
      qmax: number,
      acc: Int32Array,
      codes: ByteOrWordCodes,
    ]
  ): Status;
  /** format: 0 float16, 1 bfloat16. */
  toHalf(context: ContextHandle, format: number, x: Float32Array, half: Uint16Array): Status;
  fromHalf(context: ContextHandle, format: number, half: Uint16Array, x: Float32Array): Status;
  packCodes(
    context: ContextHandle,
    bits: number,
    isSigned: number,
    codes: Int8Array | Uint8Array,
    bytes: Uint8Array,
    bad: Float64Array,
  ): Status;
  unpackCodes(
    context: ContextHandle,
    bits: number,
    isSigned: number,
    bytes: Uint8Array,
    codes: Int8Array | Uint8Array,
  ): Status;
}

/** bind_conversion.cc. */
export interface ConversionBinding extends Calls, AsyncForms<Calls> {}
