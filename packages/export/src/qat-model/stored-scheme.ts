import {
  codeSpread,
  ExportError,
  formatOf,
  type Granularity,
  intDType,
  type LinearScheme,
  linearScheme,
  type QParams,
  type QuantScheme,
  type TensorQuantization,
  withScheme,
} from '@bitwright/core';

/** A trained quantization in the only form ONNX has: integer codes times a scale. */
export interface StoredQuantization {
  readonly scheme: LinearScheme;
  readonly qparams: QParams;
}

/**
 * Narrow weight codes spread over 8 bits, see {@link codeSpread}: runtimes round float biases to steps of scale(x) · scale(w)
 * (onnxruntime 1.30 does, by default).
 *
 * @param largest - largest magnitude among the codes
 */
export function spreadCodes({ scheme, qparams }: StoredQuantization, largest: number): StoredQuantization {
  const { dtype } = scheme;
  const factor = codeSpread(largest);
  const isNarrow = dtype.bits === 8 && dtype.signed && scheme.mapping === 'symmetric' && factor > 1;
  if (!isNarrow) return { scheme, qparams };
  return {
    scheme: withScheme(scheme, { qmin: -largest * factor, qmax: largest * factor }),
    qparams: { scale: qparams.scale.map((s) => s / factor), zeroPoint: qparams.zeroPoint },
  };
}

/**
 * The linear scheme that stores a trained one without changing a single value.
 *
 * - linear: as it is; fewer than 8 bits are kept in 8 (codes saturate at qmin and qmax), unless `isPacked` asks for 2- and 4-bit types;
 * - binary and ternary: codes −1, 0, +1 in int8 with the trained scale, so that any runtime gives the same answer.
 *
 * @throws {ExportError} for levels that are no multiples of one step (logarithmic, additive powers of two, code books)
 */
export function storedQuantization(
  name: string,
  trained: TensorQuantization<QuantScheme>,
  isPacked: boolean,
): StoredQuantization {
  const { scheme, qparams } = trained;
  if (scheme.kind === 'linear') {
    const { dtype, qmin, qmax } = scheme;
    const bits = trained.bits ?? dtype.bits;
    const stored = isPacked ? packedBits(Math.min(bits, dtype.bits)) : Math.max(dtype.bits, 8);
    const type = intDType(stored, dtype.signed);
    const same = type.bits === dtype.bits ? scheme : withScheme(scheme, { dtype: type, ...codesIn(type, qmin, qmax) });
    return { scheme: same, qparams: qparams as QParams };
  }
  if (scheme.kind === 'binary' || scheme.kind === 'ternary') {
    return {
      scheme: signScheme(scheme.granularity, isPacked),
      qparams: { scale: qparams.scale, zeroPoint: new Int32Array(qparams.scale.length) },
    };
  }
  throw new ExportError({
    operation: `[export] trainedModelToQdq "${name}"`,
    expected: 'levels that are multiples of one step (linear, binary, ternary)',
    received: `a ${scheme.kind} scheme`,
    hint: 'ONNX has no type for these levels; store their codes as multiples of the smallest one, or keep the tensor in float.',
  });
}

function signScheme(granularity: Granularity, isPacked: boolean): LinearScheme {
  const dtype = intDType(isPacked ? 2 : 8, true);
  return linearScheme({ dtype, mapping: 'symmetric', granularity, qmin: -1, qmax: 1 });
}

/** ONNX has integer types of 2, 4 and 8 bits. */
function packedBits(bits: number): number {
  return [2, 4, 8].find((width) => width >= bits) ?? bits;
}

function codesIn(type: { qmin: number; qmax: number }, qmin: number, qmax: number): { qmin: number; qmax: number } {
  return { qmin: Math.max(qmin, type.qmin), qmax: Math.min(qmax, type.qmax) };
}

/** The values a trained scheme gives: what the network computed with. */
export function trainedValues(
  data: Float32Array,
  shape: readonly number[],
  { scheme, qparams }: TensorQuantization<QuantScheme>,
): Float32Array {
  return formatOf<QuantScheme>(scheme).fakeQuantize({ data, shape }, scheme, qparams);
}
