import { checkedCount } from '../arguments';
import { gemmF32 } from '../float/gemm';
import type { NativeContext } from '../native-context';

/**
 * Gram matrix of rows, added to `out`:  out[i][j] += Σ_r x[r][i]·x[r][j], in float32 (core's gramObserver sums exactly).
 *
 * Shapes: x [rows, columns]; out [columns, columns]
 * Error:  |out − exact| ≤ (rows + 4) · 2⁻²⁴ · Σ_r |x[r][i]·x[r][j]| for one call, to first order
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 * @throws {InvalidArgumentError} when a dimension is no integer ≥ 0, or the arrays overlap
 */
export function gramF32(
  context: NativeContext,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  x: Float32Array,
  out: Float32Array,
): void {
  checkedCount('gramF32', 'x', [rows, columns]);
  gemmF32(context, { m: columns, n: columns, k: rows, transposeA: true }, x, x, out, { accumulate: true });
}
