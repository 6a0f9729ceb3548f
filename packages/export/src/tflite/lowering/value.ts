import type { TensorTypeName } from '../schema/tensor-types';

/** One scale and zero point of int8 codes. */
export interface CodeParams {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Sizes of a tensor: with 1, and with −1, in the place of open axes. */
export interface TensorSize {
  readonly shape: readonly number[];
  readonly signature: readonly number[];
}

/**
 * An ONNX value as a TFLite tensor. Its axes may stand in another order: axis i of the tensor is axis order[i] of the ONNX
 * value. Images are kept as [0, 2, 3, 1], that is NHWC, and an ONNX Transpose only changes the order: data move where an
 * operator needs another one.
 */
export interface Value extends TensorSize {
  /** Index of the tensor. */
  readonly tensor: number;
  readonly type: TensorTypeName;
  readonly order: readonly number[];
  /** Parameters of int8 codes; undefined for real numbers. */
  readonly params: CodeParams | undefined;
}

/** [0, 1, …, rank − 1]: the order of ONNX. */
export function onnxOrder(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, i) => i);
}

/** [0, 2, …, rank − 1, 1]: channels last. */
export function channelsLast(rank: number): readonly number[] {
  return [0, ...onnxOrder(rank).slice(2), 1];
}

/** Entries of an ONNX-ordered list in another order. */
export function inOrder<T>(list: readonly T[], order: readonly number[]): readonly T[] {
  return order.map((axis) => list[axis] as T);
}

export function isSameOrder(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** Axis of the tensor that holds an axis of the ONNX value; negative ones count from the end. */
export function tensorAxis(value: Pick<Value, 'order'>, axis: number): number {
  const rank = value.order.length;
  return value.order.indexOf(axis < 0 ? axis + rank : axis);
}

/** Whether bringing a value into another order moves only axes of length 1, so that its bytes stay where they are. */
export function isReshape({ order, signature }: Value, target: readonly number[]): boolean {
  const long = (list: readonly number[]): readonly number[] =>
    list.filter((axis) => signature[order.indexOf(axis)] !== 1);
  return isSameOrder(long(order), long(target));
}
