import { assertApart } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertTensors, checkGrid, type QuantizationGrid } from './quantization-grid';

/**
 * Real numbers onto the grid: core's fakeQuantize to the bit, ties to even.
 *
 * Formula:  out = (saturate(round(x/scale) + zeroPoint) − zeroPoint)·scale
 *
 * @param out May be x itself.
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when an array is of another type, in shared memory, or overlaps another one
 */
export function fakeQuantizeF32(
  context: NativeContext,
  grid: QuantizationGrid,
  x: Float32Array,
  out: Float32Array,
): void {
  const operation = 'fakeQuantizeF32';
  const checked = checkGrid(operation, grid);
  assertTensors(operation, checked, { x, out });
  assertApart(operation, 'x', x, out);
  checkStatus(operation, context.addon.fakeQuantize(context.handle, ...checked.arguments, x, out));
}

/**
 * Straight-through gradient of {@link fakeQuantizeF32}: dx = dy where qmin ≤ round(x/scale) + zeroPoint ≤ qmax, else 0.
 *
 * @param dx May be dy itself.
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when an array is of another type, in shared memory, or overlaps another one
 * @see Bengio et al. 2013, arXiv:1308.3432
 */
export function fakeQuantizeBackwardF32(
  context: NativeContext,
  grid: QuantizationGrid,
  dy: Float32Array,
  x: Float32Array,
  dx: Float32Array,
): void {
  const operation = 'fakeQuantizeBackwardF32';
  const checked = checkGrid(operation, grid);
  assertTensors(operation, checked, { dy, x, dx });
  assertApart(operation, 'dy', dy, dx);
  assertApart(operation, 'x', x, dx);
  checkStatus(operation, context.addon.fakeQuantizeBackward(context.handle, ...checked.arguments, dy, x, dx));
}
