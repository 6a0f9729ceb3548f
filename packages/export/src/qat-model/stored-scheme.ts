import {
  ExportError,
  formatOf,
  intDType,
  type LinearScheme,
  linearScheme,
  perTensor,
  type QParams,
  withScheme,
} from '@bitwright/core';
import type { TrainedTensor } from './trained-quantization';

/** A trained quantization in the only form ONNX has: integer codes times a scale. */
export interface StoredQuantization {
  readonly scheme: LinearScheme;
  readonly qparams: QParams;
}

/**
 * The linear scheme that stores a trained one without changing a single value.
 *
 * - linear: as it is; fewer than 8 bits are kept in 8 (codes saturate at qmin and qmax), unless `isPacked` asks for 2- and 4-bit types;
 * - binary and ternary: codes −1, 0, +1 in int8 with the trained scale, so that any runtime gives the same answer.
 *
 * @throws {ExportError} for levels that are no multiples of one step (logarithmic, additive powers of two, code books)
 */
export function storedQuantization(name: string, trained: TrainedTensor, isPacked: boolean): StoredQuantization {
  const { scheme } = trained;
  if (scheme.kind === 'linear') {
    const { dtype, qmin, qmax } = scheme;
    const isStored = isPacked || dtype.bits >= 8;
    const wide = isStored ? scheme : withScheme(scheme, { dtype: intDType(8, dtype.signed), qmin, qmax });
    return { scheme: wide, qparams: trained.qparams as QParams };
  }
  if (scheme.kind === 'binary' || scheme.kind === 'ternary') {
    const stored = linearScheme({
      dtype: intDType(isPacked ? 2 : 8, true),
      mapping: 'symmetric',
      granularity: scheme.granularity ?? perTensor,
      qmin: -1,
      qmax: 1,
    });
    const { scale } = trained.qparams;
    return { scheme: stored, qparams: { scale, zeroPoint: new Int32Array(scale.length) } };
  }
  throw new ExportError({
    operation: `[export] trainedModelToQdq "${name}"`,
    expected: 'levels that are multiples of one step (linear, binary, ternary)',
    received: `a ${scheme.kind} scheme`,
    hint: 'ONNX has no type for these levels; leave the tensor out to keep it in float.',
  });
}

/** The values a trained scheme gives: what the network computed with. */
export function trainedValues(
  data: Float32Array,
  shape: readonly number[],
  { scheme, qparams }: TrainedTensor,
): Float32Array {
  const format = formatOf(scheme) as unknown as {
    fakeQuantize(x: { data: Float32Array; shape: readonly number[] }, scheme: unknown, params: unknown): Float32Array;
  };
  return format.fakeQuantize({ data, shape }, scheme, qparams);
}
