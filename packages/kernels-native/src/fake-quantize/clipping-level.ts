import { assertApart } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertParameters, assertTensors, checkGrid, type QuantizationGrid } from './quantization-grid';

/** Where {@link clippingLevelBackwardF32} writes. */
export interface ClippingLevelGradients {
  /** Of the tensor; may be dy itself. */
  readonly dx: Float32Array;
  /** Of the clipping level α, [G]. */
  readonly dlevel: Float32Array;
}

export interface ClippingLevelOptions {
  readonly gradientScale: number;
  /** Adds the derivative of the rounded values inside the range; the paper keeps the clipped part only. */
  readonly hasFullGradient: boolean;
}

/**
 * Gradients of a learned clipping level α (PACT); the grid has scale = α/qmax and zero point 0. With v = x/scale:
 *
 *   dx     = dy where qmin ≤ v ≤ qmax, else 0
 *   dlevel = gradientScale·Σ dy·(clip(v, qmin, qmax)/qmax where clipped; inside 0, or (round(v) − v)/qmax)
 *
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when an array is of another type, in shared memory, or overlaps another one
 * @see Choi et al. 2018, arXiv:1805.06085 eqs. 1–3; Li et al. 2020, arXiv:1909.13144 §2.3
 */
export function clippingLevelBackwardF32(
  context: NativeContext,
  grid: QuantizationGrid,
  dy: Float32Array,
  x: Float32Array,
  { dx, dlevel }: ClippingLevelGradients,
  { gradientScale, hasFullGradient }: ClippingLevelOptions,
): void {
  const operation = 'clippingLevelBackwardF32';
  const checked = checkGrid(operation, grid);
  assertTensors(operation, checked, { dy, x, dx });
  assertParameters(operation, checked, { dlevel });
  assertApart(operation, 'dy', dy, dx);
  assertApart(operation, 'x', x, dx);
  const full = hasFullGradient ? 1 : 0;
  const { addon, handle } = context;
  checkStatus(
    operation,
    addon.clippingLevelBackward(handle, ...checked.arguments, gradientScale, full, dy, x, dx, dlevel),
  );
}
