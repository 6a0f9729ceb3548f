import {
  canHold,
  InvalidArgumentError,
  type LinearScheme,
  type QDType,
  type QParams,
  type QuantizedArray,
  type Requantization,
  referenceBackend,
  type TensorView,
} from '@bitwright/core';
import type { ByteOrWordCodes } from '../conversion/binding';
import { packCodes, unpackCodes } from '../conversion/pack';
import { dequantizeF32, quantizeF32 } from '../conversion/quantize';
import { requantizeI32 } from '../conversion/requantize';
import { fakeQuantizeF32 } from '../fake-quantize/fake-quantize';
import type { QuantizationGrid } from '../fake-quantize/quantization-grid';
import type { NativeContext } from '../native-context';

// Core's conversions on the native kernels. What these do not do (32-bit codes, rounding other than to even) goes to the
// TypeScript reference, which gives the same results by definition.

export function quantize(
  context: NativeContext,
  x: TensorView,
  scheme: LinearScheme,
  qparams: QParams,
  out: QuantizedArray,
): void {
  if (!isNative(scheme, out) || x.data.length === 0) {
    referenceBackend.quantize(x, scheme, qparams, out);
    return;
  }
  assertHolds('quantize', scheme, out);
  quantizeF32(context, gridOf(x.shape, scheme, qparams), x.data, out);
}

export function dequantize(
  context: NativeContext,
  codes: QuantizedArray,
  shape: readonly number[],
  scheme: LinearScheme,
  qparams: QParams,
  out: Float32Array,
): void {
  if (!isNative(scheme, codes) || codes.length === 0) {
    referenceBackend.dequantize(codes, shape, scheme, qparams, out);
    return;
  }
  dequantizeF32(context, gridOf(shape, scheme, qparams), codes, out);
}

export function fakeQuantize(
  context: NativeContext,
  x: TensorView,
  scheme: LinearScheme,
  qparams: QParams,
  out: Float32Array,
): void {
  if (scheme.rounding !== 'halfEven' || scheme.dtype.bits > 16 || x.data.length === 0) {
    referenceBackend.fakeQuantize(x, scheme, qparams, out);
    return;
  }
  fakeQuantizeF32(context, gridOf(x.shape, scheme, qparams), x.data, out);
}

export function requantize(context: NativeContext, call: Requantization, out: QuantizedArray): void {
  const isFixed = call.method !== undefined && call.method !== 'float';
  if (out instanceof Int32Array || (isFixed && call.granularity.kind === 'perGroup') || !hasSmallCodes(call)) {
    referenceBackend.requantize(call, out);
    return;
  }
  requantizeI32(context, call, out);
}

export function pack(context: NativeContext, codes: QuantizedArray, type: QDType, out: Uint8Array): void {
  if (isBytesOf(type, codes)) packCodes(context, codes, type, out);
  else referenceBackend.pack(codes, type, out);
}

export function unpack(context: NativeContext, bytes: Uint8Array, type: QDType, out: QuantizedArray): void {
  if (isBytesOf(type, out)) unpackCodes(context, bytes, type, out);
  else referenceBackend.unpack(bytes, type, out);
}

// — internals —

function isNative(scheme: LinearScheme, codes: QuantizedArray): codes is ByteOrWordCodes {
  return scheme.rounding === 'halfEven' && scheme.dtype.bits <= 16 && !(codes instanceof Int32Array);
}

/** Zero points and bounds of any int32 value are legal in core; the kernels compute on codes in float32. */
function hasSmallCodes({ zeroPoint, qmin, qmax }: Requantization): boolean {
  return [zeroPoint, qmin, qmax].every((code) => Math.abs(code) <= 65536);
}

function isBytesOf(type: QDType, codes: QuantizedArray): codes is Int8Array | Uint8Array {
  return [1, 2, 4, 8].includes(type.bits) && codes instanceof (type.signed ? Int8Array : Uint8Array);
}

function gridOf(
  shape: readonly number[],
  { granularity, qmin, qmax }: LinearScheme,
  { scale, zeroPoint }: QParams,
): QuantizationGrid {
  return { shape, granularity, scale, zeroPoint: Float32Array.from(zeroPoint), qmin, qmax };
}

function assertHolds(operation: string, scheme: LinearScheme, out: QuantizedArray): void {
  if (canHold(out, scheme)) return;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: `an out array for codes [${scheme.qmin}, ${scheme.qmax}]`,
    received: out.constructor.name,
  });
}
