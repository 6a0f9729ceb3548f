import { ExportError } from '@bitwright/core';
import {
  DataType,
  type ExternalDataReader,
  float16ToFloat32,
  float32ToFloat16,
  type Tensor,
  tensorFromArray,
  tensorShape,
  tensorToFloat32,
} from '@bitwright/onnx';

/** Largest finite float16; magnitudes from 65520 on round to infinity. */
export const largestFloat16 = 65504;
const firstInfinite = 65520;
/** Two steps of the subnormal numbers: what a tiny scalar (an epsilon) becomes instead of 0. */
const smallestScalar = 2 ** -23;

/**
 * What to do with finite values that float16 cannot hold:
 *   masks  clamp tensors whose out-of-range values are all negative (attention masks: −1e9, −3.4e38), refuse others
 *   clamp  clamp all to ±65504
 *   error  refuse
 */
export type OverflowRule = 'masks' | 'clamp' | 'error';

/** What narrowing changed beyond rounding. */
export interface NarrowedTensor {
  readonly tensor: Tensor;
  /** Values clamped to ±65504. */
  readonly clamped: number;
  /** Non-zero values that became 0. */
  readonly flushed: number;
  /** True for a scalar that would have become 0 and was raised to 2^−23. */
  readonly isRaised: boolean;
}

/**
 * A float32 tensor as float16, each value rounded to nearest, ties to even.
 *
 * @throws {ExportError} for finite values from 65520 on that the rule does not allow to clamp
 */
export function narrowTensor(tensor: Tensor, rule: OverflowRule, readExternal?: ExternalDataReader): NarrowedTensor {
  const values = tensorToFloat32(tensor, readExternal);
  const bits = new Uint16Array(values.length);
  let clamped = 0;
  let flushed = 0;
  let largest = 0;
  let hasPositive = false;
  for (let i = 0; i < values.length; i++) {
    let value = values[i] as number;
    if (Math.abs(value) >= firstInfinite && Number.isFinite(value)) {
      clamped += 1;
      if (Math.abs(value) > Math.abs(largest)) largest = value;
      if (value > 0) hasPositive = true;
      value = value > 0 ? largestFloat16 : -largestFloat16;
    }
    bits[i] = float32ToFloat16(value);
    if (value !== 0 && float16ToFloat32(bits[i] as number) === 0) flushed += 1;
  }
  if (clamped > 0 && (rule === 'error' || (rule === 'masks' && hasPositive))) {
    throw new ExportError({
      operation: `[export] convertToFloat16 "${tensor.name}"`,
      expected: `values within ±${largestFloat16}`,
      received: `${clamped} beyond, largest ${largest}`,
      hint: 'Keep the nodes that read it in float32 (keepFloat32), or clamp (overflow: "clamp").',
    });
  }
  const isRaised = flushed > 0 && values.length === 1;
  if (isRaised) bits[0] = float32ToFloat16(Math.sign(values[0] as number) * smallestScalar);
  const narrowed = tensorFromArray(tensor.name, DataType.FLOAT16, tensorShape(tensor), bits);
  return { tensor: narrowed, clamped, flushed: isRaised ? 0 : flushed, isRaised };
}
