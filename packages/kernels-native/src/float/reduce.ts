import { InvalidArgumentError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertSeparate } from './floats';

/** 'mean' is 'sum' divided by the number of elements. A NaN among the elements gives NaN. */
export type ReduceOp = 'sum' | 'sumSquares' | 'prod' | 'max' | 'min' | 'mean';

/**
 * Reduces axes of a tensor, threaded. Of no elements: 0, 1 (prod), −Infinity (max), Infinity (min), NaN (mean).
 *
 * Shapes: x of `shape`; out has the dimensions that remain, in order
 * Error:  sums of n elements: |out − exact| ≤ 2⁻²⁴ · (1 + n / 64) · Σ|x| at most; blocks are added in double
 *
 * @param axes Distinct axes, any order; none copies (or squares) x.
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when an axis is out of range or named twice, the operation unknown, or out overlaps x
 */
export function reduceF32(
  native: NativeContext,
  op: ReduceOp,
  shape: readonly number[],
  axes: readonly number[],
  x: Float32Array,
  out: Float32Array,
): void {
  const operation = 'reduceF32';
  const code = codes.get(op);
  if (code === undefined) throw invalid(operation, `one of ${[...codes.keys()].join(', ')}`, String(op));
  const count = checkedCount(operation, 'x', shape);
  const groups = groupAxes(operation, shape, axes);
  const outCount = groups.reduce((product, group) => (group.reduced ? product : product * group.size), 1);
  assertArray(operation, 'x', x, 'Float32Array', count);
  assertArray(operation, 'out', out, 'Float32Array', outCount);
  assertSeparate(operation, out, x);

  // One pass per run of neighbouring reduced axes, the innermost first.
  let source = x;
  let first = true;
  for (let reduced = lastReduced(groups); reduced >= 0 || first; reduced = lastReduced(groups)) {
    const length = groups[reduced]?.size ?? 1;
    const outer = product(groups.slice(0, Math.max(reduced, 0)));
    const inner = product(groups.slice(reduced + 1));
    groups.splice(reduced < 0 ? 0 : reduced, reduced < 0 ? 0 : 1);
    const isLast = lastReduced(groups) < 0;
    const target = isLast ? out : new Float32Array(outer * inner);
    const scale = isLast && op === 'mean' ? outCount / count : 1;
    const passCode = first || op !== 'sumSquares' ? code : sumCode;
    checkStatus(
      operation,
      native.addon.reduceF32(native.handle, passCode, outer, length, inner, source, scale, target),
    );
    source = target;
    first = false;
  }
}

/**
 * Position of the largest or smallest element along an axis; the first of several, and the first NaN before any number.
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when the axis is out of range or empty
 */
export function argReduceF32(
  native: NativeContext,
  op: 'argMax' | 'argMin',
  shape: readonly number[],
  axis: number,
  x: Float32Array,
  out: Int32Array,
): void {
  const operation = 'argReduceF32';
  if (op !== 'argMax' && op !== 'argMin') throw invalid(operation, 'argMax or argMin', String(op));
  assertInteger(operation, 'axis', axis, 0, shape.length - 1);
  const count = checkedCount(operation, 'x', shape);
  const length = shape[axis] as number;
  assertInteger(operation, 'the size of the axis', length, 1, 2 ** 31 - 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  assertArray(operation, 'x', x, 'Float32Array', count);
  assertArray(operation, 'out', out, 'Int32Array', outer * inner);
  assertSeparate(operation, out, x);
  checkStatus(
    operation,
    native.addon.argReduceF32(native.handle, Number(op === 'argMax'), outer, length, inner, x, out),
  );
}

// — internals —

const sumCode = 0;

/** Positions in qk::ReduceF32; a mean is a scaled sum. */
const codes: ReadonlyMap<ReduceOp, number> = new Map([
  ['sum', sumCode],
  ['sumSquares', 1],
  ['prod', 2],
  ['max', 3],
  ['min', 4],
  ['mean', sumCode],
]);

interface AxisGroup {
  size: number;
  readonly reduced: boolean;
}

/** Neighbouring axes that are all reduced, or all kept, as one. */
function groupAxes(operation: string, shape: readonly number[], axes: readonly number[]): AxisGroup[] {
  const reduced = new Set<number>();
  for (const axis of axes) {
    assertInteger(operation, 'every axis', axis, 0, shape.length - 1);
    if (reduced.has(axis)) throw invalid(operation, 'distinct axes', `[${axes.join(',')}]`);
    reduced.add(axis);
  }
  const groups: AxisGroup[] = [];
  shape.forEach((size, axis) => {
    const last = groups.at(-1);
    if (last !== undefined && last.reduced === reduced.has(axis)) last.size *= size;
    else groups.push({ size, reduced: reduced.has(axis) });
  });
  return groups;
}

function lastReduced(groups: readonly AxisGroup[]): number {
  return groups.findLastIndex((group) => group.reduced);
}

function product(groups: readonly AxisGroup[]): number {
  return groups.reduce((size, group) => size * group.size, 1);
}

function invalid(operation: string, expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: `[kernels-native] ${operation}`, expected, received });
}
