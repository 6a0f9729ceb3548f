import { type Granularity, paramCount } from '@bitwright/core';
import { checkedCount } from './arguments';
import type { LayoutArguments } from './binding';

/** A tensor as the addon sees it: [outer, length, inner] around its quantization axis (qk::Layout). */
export interface Layout {
  readonly arguments: LayoutArguments;
  readonly count: number;
  /** G = paramCount(shape, granularity). */
  readonly parameters: number;
}

/**
 * The layout of a shape.
 *
 * @throws {InvalidArgumentError} when a dimension is no integer ≥ 0
 * @throws {ShapeMismatchError} when the granularity does not fit the shape
 */
export function layoutOf(operation: string, shape: readonly number[], granularity: Granularity): Layout {
  const count = checkedCount(operation, 'the shape', shape);
  const parameters = paramCount(shape, granularity);
  if (granularity.kind === 'perTensor') return { arguments: [0, count, 1, 1, 1], count, parameters };
  const { axis } = granularity;
  const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
  const [outer, length, inner] = [product(shape.slice(0, axis)), shape[axis] ?? 1, product(shape.slice(axis + 1))];
  if (granularity.kind === 'perAxis') return { arguments: [1, outer, length, inner, 1], count, parameters };
  return { arguments: [2, outer, length, inner, granularity.size], count, parameters };
}
