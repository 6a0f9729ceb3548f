import { arranged, like } from '../convert-value';
import { copyStrided, denseStrides } from '../copy-strided';
import { type LoweringContext, only, refusal } from '../lowering';
import type { RunContext } from '../run-context';
import { activationCodesOf, memoryAxes, type Value } from '../value';

/** Input i as a value, whether computed or constant. */
export function operandOf(context: LoweringContext, i: number): (inputs: readonly (Value | undefined)[]) => Value {
  const constant = context.constant(i);
  if (constant === undefined) return (inputs) => only(inputs, context.node, i);
  if (constant.kind === 'index') throw refusal(context.node, `real numbers as input ${i}`, 'whole numbers');
  const { shape } = constant;
  if (constant.kind === 'real') return () => ({ kind: 'real', shape, order: 'plain', data: constant.data });
  const { granularity } = constant.quantization.scheme;
  if (granularity.kind !== 'perTensor') throw refusal(context.node, `one scale for input ${i}`, 'several');
  const parameters = activationCodesOf(constant.quantization);
  return () => ({ kind: 'codes', shape, order: 'plain', data: constant.data, parameters });
}

/** Shape of two tensors under numpy's broadcasting; undefined where they do not fit. */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [padded(a, rank), padded(b, rank)];
  const fits = left.every((d, i) => d === right[i] || d === 1 || right[i] === 1);
  return fits ? left.map((d, i) => (d === 1 ? (right[i] as number) : d)) : undefined;
}

/** A value repeated along its axes of length 1 until it has a shape, in an order of memory. */
export function broadcast<V extends Value>(
  value: V,
  shape: readonly number[],
  order: Value['order'],
  run: RunContext,
): V {
  const isWhole = value.shape.length === shape.length && value.shape.every((d, i) => d === shape[i]);
  if (isWhole) return arranged(value, order, run);
  const plain = arranged(value, 'plain', run);
  const own = padded(plain.shape, shape.length);
  const ownStrides = denseStrides(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride));
  const result = like(plain, { shape, order }, run);
  const axes = memoryAxes(result);
  const sizes = axes.map((axis) => shape[axis] as number);
  copyStrided(
    sizes,
    { data: plain.data, offset: 0, strides: axes.map((axis) => ownStrides[axis] as number) },
    { data: result.data, offset: 0, strides: denseStrides(sizes) },
  );
  return result as V;
}

/**
 * {@link broadcast} for operand i of a node. A constant is spread once for each size it meets in a row, not on every call.
 */
export function broadcastOperand(context: LoweringContext, i: number): typeof broadcast {
  if (context.constant(i) === undefined) return broadcast;
  let known: Value | undefined;
  return (value, shape, order, run) => {
    const fits =
      known?.order === order && known.shape.length === shape.length && known.shape.every((d, a) => d === shape[a]);
    if (fits) return known as typeof value;
    const spread = broadcast(value, shape, order, run);
    known = { ...spread, data: spread.data.slice() } as Value;
    return spread;
  };
}

// — internals —

function padded(shape: readonly number[], rank: number): readonly number[] {
  return [...new Array<number>(rank - shape.length).fill(1), ...shape];
}
