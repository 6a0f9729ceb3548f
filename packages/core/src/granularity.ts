import { InvalidArgumentError, ShapeMismatchError } from './errors';

/** Which elements of a tensor share one scale and zero point (ONNX: per-tensor, per-axis, blocked). */
export type Granularity =
  | { readonly kind: 'perTensor' }
  | { readonly kind: 'perAxis'; readonly axis: number }
  | { readonly kind: 'perGroup'; readonly axis: number; readonly size: number };

export const perTensor: Granularity = /* @__PURE__ */ Object.freeze({ kind: 'perTensor' });

/**
 * One scale per index of `axis`.
 *
 * @throws {InvalidArgumentError} when axis is not a non-negative integer
 */
export function perAxis(axis: number): Granularity {
  assertAxis('[core] perAxis', axis);
  return Object.freeze({ kind: 'perAxis', axis });
}

/**
 * One scale per block of `size` consecutive indices of `axis`, and per index of every other axis (ONNX `block_size`).
 * The last block may be shorter.
 *
 * @throws {InvalidArgumentError} when axis or size is not a valid integer
 */
export function perGroup(axis: number, size: number): Granularity {
  assertAxis('[core] perGroup', axis);
  if (!Number.isInteger(size) || size < 1) {
    throw new InvalidArgumentError({
      operation: '[core] perGroup',
      expected: 'a group size that is a positive integer',
      received: String(size),
    });
  }
  return Object.freeze({ kind: 'perGroup', axis, size });
}

/**
 * Shape of the scale and zero-point arrays for a tensor.
 *
 * perTensor → []; perAxis(a) → [shape[a]]; perGroup(a, B) → shape with shape[a] replaced by ceil(shape[a] / B)
 *
 * @throws {ShapeMismatchError} when the axis is outside the tensor's rank
 */
export function paramShape(shape: readonly number[], granularity: Granularity): readonly number[] {
  if (granularity.kind === 'perTensor') return [];
  const { axis } = granularity;
  const length = shape[axis];
  if (length === undefined) {
    throw new ShapeMismatchError({
      operation: '[core] paramShape',
      expected: `a tensor with an axis ${axis}`,
      received: `shape [${shape.join(',')}]`,
      hint: 'Axes count from 0.',
    });
  }
  if (granularity.kind === 'perAxis') return [length];
  return shape.map((d, i) => (i === axis ? Math.ceil(d / granularity.size) : d));
}

/** Number of scales: G = product of {@link paramShape}. */
export function paramCount(shape: readonly number[], granularity: Granularity): number {
  return paramShape(shape, granularity).reduce((product, d) => product * d, 1);
}

/**
 * Reads a granularity from plain data.
 *
 * @throws {InvalidArgumentError} when it is none
 */
export function granularityFromJson(json: unknown): Granularity {
  const { kind, axis, size } = (json ?? {}) as { kind?: unknown; axis?: unknown; size?: unknown };
  if (kind === 'perTensor') return perTensor;
  if (kind === 'perAxis') return perAxis(axis as number);
  if (kind === 'perGroup') return perGroup(axis as number, size as number);
  throw new InvalidArgumentError({
    operation: '[core] granularityFromJson',
    expected: 'a granularity of kind "perTensor", "perAxis" or "perGroup"',
    received: JSON.stringify(json) ?? 'nothing',
  });
}

/** Short text for reports: `perTensor`, `perAxis(0)`, `perGroup(1,32)`. */
export function describeGranularity(granularity: Granularity): string {
  if (granularity.kind === 'perTensor') return 'perTensor';
  if (granularity.kind === 'perAxis') return `perAxis(${granularity.axis})`;
  return `perGroup(${granularity.axis},${granularity.size})`;
}

// — internals —

function assertAxis(operation: string, axis: number): void {
  if (!Number.isInteger(axis) || axis < 0) {
    throw new InvalidArgumentError({
      operation,
      expected: 'an axis that is a non-negative integer',
      received: String(axis),
      hint: 'Negative axes are not resolved here because the rank is not known.',
    });
  }
}
