import { elementCount, ModelFormatError } from '@bitwright/core';
import { float16ToFloat32 } from '@bitwright/onnx';
import type { LayerWeight } from './layers-model';

/** One entry of a weights manifest. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

const elementBytes: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
};

/**
 * Weights out of their bytes, in manifest order and without alignment; quantized ones as v = q·scale + min.
 *
 * @throws {ModelFormatError} when bytes are missing or left over, a type is unknown or a parameter is not finite
 */
export function decodeWeights(specs: readonly WeightSpec[] | undefined, data: unknown): Map<string, LayerWeight> {
  if (specs === undefined) throw malformed('weightSpecs', 'none');
  const bytes = joinedBytes(data);
  const weights = new Map<string, LayerWeight>();
  let offset = 0;
  for (const spec of specs) {
    if (weights.has(spec.name)) throw malformed('one weight per name', `two called "${spec.name}"`);
    if (!Array.isArray(spec.shape) || !spec.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw malformed(`whole sizes ≥ 0 of weight "${spec.name}"`, JSON.stringify(spec.shape) ?? 'none');
    }
    const count = elementCount(spec.shape);
    const stored = spec.quantization?.dtype ?? spec.dtype;
    const size = elementBytes[stored];
    if (size === undefined)
      throw malformed('float32, int32, bool, uint8, uint16 or float16 weights', `${stored} in "${spec.name}"`);
    const end = offset + count * size;
    if (end > bytes.byteLength) throw malformed(`${end} bytes up to weight "${spec.name}"`, `${bytes.byteLength}`);
    weights.set(spec.name, {
      name: spec.name,
      shape: [...spec.shape],
      data: decodeOne(spec, stored, bytes.subarray(offset, end), count),
    });
    offset = end;
  }
  if (offset !== bytes.byteLength) throw malformed(`${offset} bytes of weights`, `${bytes.byteLength}`);
  return weights;
}

function decodeOne(spec: WeightSpec, stored: string, bytes: Uint8Array, count: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: (i: number) => number =
    stored === 'float32'
      ? (i) => view.getFloat32(4 * i, true)
      : stored === 'int32'
        ? (i) => view.getInt32(4 * i, true)
        : stored === 'float16'
          ? (i) => float16ToFloat32(view.getUint16(2 * i, true))
          : stored === 'uint16'
            ? (i) => view.getUint16(2 * i, true)
            : (i) => view.getUint8(i);
  const isAligned = bytes.byteOffset % 4 === 0;
  // A view, no copy: large models are not held twice.
  if (stored === 'float32' && isAligned) return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const isAffine = spec.quantization !== undefined && stored !== 'float16';
  if (!isAffine) return Float32Array.from({ length: count }, (_, i) => read(i));
  const { scale, min } = spec.quantization ?? {};
  if (!Number.isFinite(scale) || !Number.isFinite(min)) {
    throw malformed(`finite scale and min of quantized weight "${spec.name}"`, `scale ${scale}, min ${min}`);
  }
  return Float32Array.from({ length: count }, (_, i) => read(i) * Number(scale) + Number(min));
}

function joinedBytes(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (!Array.isArray(data)) throw malformed('weightData as an ArrayBuffer or a list of them', typeof data);
  const parts = data.map(joinedBytes);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

function malformed(expected: string, received: string): ModelFormatError {
  return new ModelFormatError({ operation: '[export] read weights', expected, received });
}
