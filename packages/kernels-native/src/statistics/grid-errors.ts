import { assertArray, assertInteger } from '../arguments';
import type { QuantizationGrid } from '../fake-quantize/quantization-grid';
import { layoutOf } from '../layout';
import { checkStatus, type NativeContext } from '../native-context';

/** Candidate grids of one tensor: scale and zeroPoint hold one grid after the other, [candidates, G]. */
export interface CandidateGrids extends QuantizationGrid {
  readonly candidates: number;
}

/**
 * Squared error Σ (x − FQ(x))² of every candidate grid, per parameter: what a search for the best range minimizes, on the values
 * themselves instead of on a histogram of them.
 *
 * Shapes: out [candidates, G]. The difference is float32, squares and sums are float64.
 *
 * @throws {ShapeMismatchError} when lengths do not fit the shape and the number of candidates
 * @throws {InvalidArgumentError} when an array is of another type or in shared memory, or codes are no integers
 */
export function gridErrors(context: NativeContext, grids: CandidateGrids, x: Float32Array, out: Float64Array): void {
  const operation = 'gridErrors';
  const layout = layoutOf(operation, grids.shape, grids.granularity);
  const { candidates, scale, zeroPoint, qmin, qmax } = grids;
  assertInteger(operation, 'candidates', candidates, 0, 2 ** 20);
  assertArray(operation, 'scale', scale, 'Float32Array', candidates * layout.parameters);
  assertArray(operation, 'zeroPoint', zeroPoint, 'Float32Array', candidates * layout.parameters);
  assertInteger(operation, 'qmin', qmin, -(2 ** 24), 2 ** 24);
  assertInteger(operation, 'qmax', qmax, qmin, 2 ** 24);
  assertArray(operation, 'x', x, 'Float32Array', layout.count);
  assertArray(operation, 'out', out, 'Float64Array', candidates * layout.parameters);
  const { addon, handle } = context;
  checkStatus(
    operation,
    addon.gridErrors(handle, ...layout.arguments, candidates, scale, zeroPoint, qmin, qmax, x, out),
  );
}
