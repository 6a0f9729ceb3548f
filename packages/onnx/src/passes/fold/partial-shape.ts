import type { Dim } from '../../shape/dim';
import type { InferContext, PartialElement } from '../../shape/infer-types';

/** One name for Reshape: 0 where it copies the input's axis, -1 once, else it cannot be written down. */
const reshapeTarget = (value: readonly PartialElement[], input: readonly Dim[] | undefined): number[] | undefined => {
  const target = value.map((size, i): number => {
    if (typeof size === 'number') return size;
    return size !== undefined && input?.[i] === size ? 0 : -1;
  });
  return target.filter((size) => size === -1).length <= 1 ? target : undefined;
};

/** A name for Expand: 1 keeps the input's size where the two agree, else it cannot be written down. */
const expandTarget = (value: readonly PartialElement[], input: readonly Dim[] | undefined): number[] | undefined => {
  if (input === undefined) return undefined;
  const shift = input.length - value.length;
  const target: number[] = [];
  for (const [i, size] of value.entries()) {
    if (typeof size === 'number') target.push(size);
    else if (size !== undefined && input[i + shift] === size) target.push(1);
    else return undefined;
  }
  return target;
};

/**
 * Constant shape input that does the same as the computed one, for Reshape and Expand; undefined when there is none.
 *
 * Reshape: a size equal to the input's size on the same axis becomes 0 ("copy"), one other unknown becomes -1 ("the
 * rest"). Expand: a size equal to the input's becomes 1.
 */
export const partialShapeInput = (opType: string, context: InferContext): readonly number[] | undefined => {
  const value = context.value(1);
  if (value === undefined || context.opset < 5) return undefined;
  if (opType === 'Expand') return expandTarget(value, context.dims(0));
  if (opType !== 'Reshape' || (context.int('allowzero') ?? 0) !== 0) return undefined;
  return reshapeTarget(value, context.dims(0));
};
