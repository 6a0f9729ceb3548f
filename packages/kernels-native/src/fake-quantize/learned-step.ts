import { assertApart } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertParameters, assertTensors, checkGrid, type QuantizationGrid } from './quantization-grid';

/** Where {@link learnedStepBackwardF32} writes. */
export interface LearnedStepGradients {
  /** Of the tensor; may be dy itself. */
  readonly dx: Float32Array;
  /** Of the step, [G]. */
  readonly dscale: Float32Array;
  /** Of the offset β (LSQ+), [G]; left out for LSQ. */
  readonly doffset?: Float32Array | undefined;
}

/**
 * Gradients of a learned step size (LSQ) and offset (LSQ+). With v = x/scale, inside: qmin < v + zeroPoint < qmax
 *
 *   dx      = dy inside, else 0
 *   dscale  = gradientScale·Σ dy·(round(v) − v inside; clip(v + zeroPoint, qmin, qmax) outside)
 *   doffset = gradientScale·Σ dy·(0 inside; 1 outside)
 *
 * Sums run in float64 and are the same bits for any number of threads.
 *
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when an array is of another type, in shared memory, or overlaps another one
 * @see Esser et al. 2020, arXiv:1902.08153 eqs. 1–3; Bhalgat et al. 2020, arXiv:2004.09576 eqs. 4–7
 */
export function learnedStepBackwardF32(
  context: NativeContext,
  grid: QuantizationGrid,
  dy: Float32Array,
  x: Float32Array,
  { dx, dscale, doffset }: LearnedStepGradients,
  gradientScale: number,
): void {
  const operation = 'learnedStepBackwardF32';
  const checked = checkGrid(operation, grid);
  assertTensors(operation, checked, { dy, x, dx });
  assertParameters(operation, checked, doffset === undefined ? { dscale } : { dscale, doffset });
  assertApart(operation, 'dy', dy, dx);
  assertApart(operation, 'x', x, dx);
  const { addon, handle } = context;
  checkStatus(
    operation,
    addon.learnedStepBackward(handle, ...checked.arguments, gradientScale, dy, x, dx, dscale, doffset ?? null),
  );
}
