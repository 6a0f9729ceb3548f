import type { Granularity } from '@bitwright/core';
import { assertArray, assertInteger } from '../arguments';
import { type Layout, layoutOf } from '../layout';
import type { GridArguments } from './binding';

/** A tensor's quantization grid: y = scale·(code − zeroPoint) for codes qmin to qmax. */
export interface QuantizationGrid {
  readonly shape: readonly number[];
  /** Who shares a parameter; G = paramCount(shape, granularity). */
  readonly granularity: Granularity;
  /** Real units per step, > 0, [G]. */
  readonly scale: Float32Array;
  /** Codes of real 0 as whole numbers, [G]. */
  readonly zeroPoint: Float32Array;
  /** Codes in use, both ends included, within ±2^24. */
  readonly qmin: number;
  readonly qmax: number;
}

/** A grid that was checked, as the addon takes it. */
export interface CheckedGrid {
  readonly layout: Layout;
  readonly arguments: GridArguments;
}

const largestCode = 2 ** 24;

/**
 * @throws {ShapeMismatchError} when scale or zeroPoint do not have G entries
 * @throws {InvalidArgumentError} when the codes are no integers with qmin ≤ qmax
 */
export function checkGrid(operation: string, grid: QuantizationGrid): CheckedGrid {
  const layout = layoutOf(operation, grid.shape, grid.granularity);
  const { scale, zeroPoint, qmin, qmax } = grid;
  assertArray(operation, 'scale', scale, 'Float32Array', layout.parameters);
  assertArray(operation, 'zeroPoint', zeroPoint, 'Float32Array', layout.parameters);
  assertInteger(operation, 'qmin', qmin, -largestCode, largestCode);
  assertInteger(operation, 'qmax', qmax, qmin, largestCode);
  return { layout, arguments: [...layout.arguments, scale, zeroPoint, qmin, qmax] };
}

/**
 * Checks tensors of the grid's shape.
 *
 * @throws {ShapeMismatchError} when one has another length
 */
export function assertTensors(
  operation: string,
  { layout }: CheckedGrid,
  tensors: { readonly [name: string]: unknown },
): void {
  for (const [name, array] of Object.entries(tensors))
    assertArray(operation, name, array, 'Float32Array', layout.count);
}

/**
 * Checks arrays with one number per parameter.
 *
 * @throws {ShapeMismatchError} when one has not G entries
 */
export function assertParameters(
  operation: string,
  { layout }: CheckedGrid,
  arrays: { readonly [name: string]: unknown },
): void {
  for (const [name, array] of Object.entries(arrays)) {
    assertArray(operation, name, array, 'Float32Array', layout.parameters);
  }
}
