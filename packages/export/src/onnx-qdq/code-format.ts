import {
  allocateQuantized,
  dequantize,
  ExportError,
  elementCount,
  forEachStridedRun,
  type LinearScheme,
  type QDType,
  type QuantizedArray,
  quantize,
  type TensorQuantization,
} from '@bitwright/core';
import {
  DataType,
  decodeMiniFloat,
  encodeMiniFloat,
  float8e4m3fn,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import { elementTypeOf, smallestOpset } from './element-type';

/** A constant as it is stored, and the real values its codes stand for. */
export interface StoredConstant {
  readonly tensor: Tensor;
  readonly values: Float32Array;
}

/** In which numbers a QDQ model holds what a spec quantizes. */
export interface CodeFormat {
  /** Smallest ai.onnx operator set that takes the scheme in this format. */
  opsetFor(scheme: LinearScheme): number;
  /** Whether biases are stored too, or stay float. */
  readonly storesBias: boolean;
  /** Whether codes narrower than their type must be clamped. */
  readonly clampsCodes: boolean;
  scale(tensor: TensorQuantization): Float32Array;
  zeroPoint(name: string, dims: readonly number[], tensor: TensorQuantization): Tensor;
  constant(name: string, shape: readonly number[], real: Float32Array, tensor: TensorQuantization): StoredConstant;
}

/** Integer codes: what the spec says, to the bit. */
export const integerCodes: CodeFormat = /* @__PURE__ */ Object.freeze({
  opsetFor: smallestOpset,
  storesBias: true,
  clampsCodes: true,
  scale: ({ qparams }: TensorQuantization) => qparams.scale,
  zeroPoint: (name: string, dims: readonly number[], { scheme, qparams }: TensorQuantization) =>
    tensorFromArray(name, elementTypeOf(scheme.dtype), dims, codeArray(scheme.dtype, qparams.zeroPoint)),
  constant(name: string, shape: readonly number[], real: Float32Array, { scheme, qparams }: TensorQuantization) {
    const codes = quantize({ data: real, shape }, scheme, qparams);
    const tensor = tensorFromArray(name, elementTypeOf(scheme.dtype), shape, codes);
    return { tensor, values: dequantize(codes, shape, scheme, qparams) };
  },
});

/** Largest E4M3 number. */
const largestFloat8 = 448;

/**
 * float8 E4M3 codes for a symmetric spec: the spec's range ±scale · qmax is laid on ±448, where the format is finest for its largest
 * values; 3 bits of mantissa, zero point 0. Biases stay float. Operator set 19.
 *
 * @see ONNX QuantizeLinear-19; NVIDIA, Arm, Intel 2022, arXiv:2209.05433
 */
export const float8Codes: CodeFormat = /* @__PURE__ */ Object.freeze({
  opsetFor: (scheme: LinearScheme) => Math.max(19, scheme.granularity.kind === 'perGroup' ? 21 : 0),
  storesBias: false,
  clampsCodes: false,
  scale: float8Scale,
  zeroPoint: (name: string, dims: readonly number[]) => {
    const count = elementCount(dims);
    return tensorFromArray(name, DataType.FLOAT8E4M3FN, dims, new Uint8Array(count));
  },
  constant(name: string, shape: readonly number[], real: Float32Array, tensor: TensorQuantization) {
    const scale = float8Scale(tensor);
    const codes = new Uint8Array(real.length);
    const values = new Float32Array(real.length);
    forEachStridedRun(shape, tensor.scheme.granularity, (g, start, end, step) => {
      const s = scale[g] ?? 1;
      for (let i = start; i < end; i += step) {
        const code = encodeMiniFloat(float8e4m3fn, Math.fround((real[i] ?? 0) / s));
        codes[i] = code;
        values[i] = Math.fround(decodeMiniFloat(float8e4m3fn, code) * s);
      }
    });
    return { tensor: tensorFromArray(name, DataType.FLOAT8E4M3FN, shape, codes), values };
  },
});

function float8Scale({ scheme, qparams }: TensorQuantization): Float32Array {
  if (!scheme.dtype.signed || qparams.zeroPoint.some((z) => z !== 0)) {
    throw new ExportError({
      operation: '[export] writeQdq in float8',
      expected: 'signed codes with zero point 0',
      received: `${scheme.dtype.name} ${scheme.mapping}`,
      hint: 'Quantize for a target with symmetric activations, e.g. tensorrt-11.',
    });
  }
  return qparams.scale.map((s) => Math.fround((s * scheme.qmax) / largestFloat8));
}

/** Codes in the array type that tensorFromArray takes for their storage type. */
function codeArray(dtype: QDType, codes: ArrayLike<number>): QuantizedArray {
  const array = allocateQuantized(dtype, codes.length);
  array.set(codes);
  return array;
}
