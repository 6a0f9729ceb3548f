import { InvalidArgumentError, roundHalfEven } from '@bitwright/core';
import { float16ToFloat32, float32ToFloat16 } from '@bitwright/onnx';

/** How weights are stored: TensorFlow.js reads all of them as float32. */
export type WebWeightType = 'float32' | 'float16' | 'uint16' | 'uint8';

/** Entry `quantization` of a weight in the manifest. */
export type WebQuantization =
  | { readonly dtype: 'uint8' | 'uint16'; readonly scale: number; readonly min: number }
  | { readonly dtype: 'float16'; readonly original_dtype: 'float32' };

/** One weight as it is stored. */
export interface EncodedWeight {
  readonly bytes: Uint8Array;
  readonly quantization?: WebQuantization;
}

/**
 * Stores float32 values in a type.
 *
 *   uint8, uint16   value = q·scale + min in float64, then float32; 0 is kept exact where it lies in the range
 *   float16         rounded once, ties to even
 *
 * Values that already lie on a uniform grid of at most 256 (65,536) steps, such as the weights of one scale, come back to within
 * two units in the last place.
 *
 * @throws {InvalidArgumentError} for a value outside float16, or NaN and infinities
 * @see TensorFlow.js converter: quantization.py; tfjs-core decodeWeights
 */
export function encodeWeight(values: Float32Array, type: WebWeightType): EncodedWeight {
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw invalid('finite weights', `${values[bad]} at element ${bad}`);
  if (type === 'float32') return { bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
  return type === 'float16' ? encodeHalf(values) : encodeAffine(values, type);
}

/** The values TensorFlow.js sees. */
export function decodeWeight({ bytes, quantization }: EncodedWeight): Float32Array {
  const copy = bytes.slice();
  if (quantization === undefined) return new Float32Array(copy.buffer);
  if (quantization.dtype === 'float16') return Float32Array.from(new Uint16Array(copy.buffer), float16ToFloat32);
  const { dtype, scale, min } = quantization;
  const codes = dtype === 'uint8' ? copy : new Uint16Array(copy.buffer);
  return Float32Array.from(codes, (q) => q * scale + min);
}

// — internals —

const largestHalf = 65504;

function encodeHalf(values: Float32Array): EncodedWeight {
  const large = values.findIndex((v) => Math.abs(v) > largestHalf);
  if (large >= 0) throw invalid(`weights within ±${largestHalf}`, `${values[large]} at element ${large}`);
  const codes = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) codes[i] = float32ToFloat16(values[i] as number);
  return { bytes: new Uint8Array(codes.buffer), quantization: { dtype: 'float16', original_dtype: 'float32' } };
}

function encodeAffine(values: Float32Array, dtype: 'uint8' | 'uint16'): EncodedWeight {
  const steps = dtype === 'uint8' ? 255 : 65535;
  const { scale, min } = gridOf(values, steps) ?? rangeGrid(values, steps);
  const stored = dtype === 'uint8' ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    stored[i] = Math.min(steps, Math.max(0, roundHalfEven(((values[i] as number) - min) / scale)));
  }
  return { bytes: new Uint8Array(stored.buffer), quantization: { dtype, scale, min } };
}

/** Scale and offset over the range of the values; moved so that 0 is exact. */
function rangeGrid(values: Float32Array, steps: number): { readonly scale: number; readonly min: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (!(high > low)) return { scale: 1, min: values.length === 0 ? 0 : low };
  const scale = (high - low) / steps;
  const isZeroInside = low <= 0 && high >= 0;
  return { scale, min: isZeroInside ? -roundHalfEven(-low / scale) * scale : low };
}

/** Grids are looked for among at most this many distinct values: what 8-bit codes give. */
const mostDistinct = 256;

/**
 * The grid the values lie on, where it has at most `steps` + 1 places; undefined when they lie on none. Neighbouring values may
 * be several steps apart, so the smallest distance and its fractions are tried.
 */
function gridOf(values: Float32Array, steps: number): { readonly scale: number; readonly min: number } | undefined {
  const distinct = new Set<number>();
  for (const v of values) if (distinct.add(v).size > mostDistinct) return undefined;
  const sorted = [...distinct].sort((a, b) => a - b);
  if (sorted.length < 2) return undefined;
  const [low, high] = [sorted[0] as number, sorted[sorted.length - 1] as number];
  const distances = sorted.slice(1).map((v, i) => v - (sorted[i] as number));
  const smallest = Math.min(...distances);
  const largest = Math.max(-low, high);
  for (let part = 1; Math.round(((high - low) * part) / smallest) <= steps && part <= mostDistinct; part++) {
    const scale = largest / Math.round((largest * part) / smallest);
    const min = Math.round(low / scale) * scale;
    if (sorted.every((v) => isOnGrid(v, scale, min))) return { scale, min };
  }
  return undefined;
}

/** Whether a value comes back from its place to within two units in the last place. */
function isOnGrid(value: number, scale: number, min: number): boolean {
  const back = Math.fround(roundHalfEven((value - min) / scale) * scale + min);
  return Math.abs(back - value) <= 2 ** -22 * Math.abs(value);
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[export] encodeWeight', expected, received });
}
