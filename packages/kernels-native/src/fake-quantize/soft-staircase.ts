import { assertApart } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertParameters, assertTensors, checkGrid, type QuantizationGrid } from './quantization-grid';

/** Where {@link softStaircaseBackwardF32} writes. */
export interface SoftStaircaseGradients {
  /** Of the tensor; may be dy itself. */
  readonly dx: Float32Array;
  /** Of the bounds l and u and of the softness α, [G] each. */
  readonly dlower: Float32Array;
  readonly dupper: Float32Array;
  readonly dalpha: Float32Array;
}

/**
 * Gradients of differentiable soft quantization: the forward is {@link fakeQuantizeF32} (hard), the backward that of a staircase
 * of tanh pieces between l = scale·(qmin − zeroPoint) and u = scale·(qmax − zeroPoint). Formulas: native/include/qk/fake_quantize_f32.h.
 *
 * @param alpha Softness, [G], within (0, 1): 0 is the staircase, 1 the identity.
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @throws {InvalidArgumentError} when an array is of another type, in shared memory, or overlaps another one
 * @see Gong et al. 2019, arXiv:1908.05033 eqs. 3–11
 */
export function softStaircaseBackwardF32(
  context: NativeContext,
  grid: QuantizationGrid,
  alpha: Float32Array,
  dy: Float32Array,
  x: Float32Array,
  { dx, dlower, dupper, dalpha }: SoftStaircaseGradients,
  gradientScale: number,
): void {
  const operation = 'softStaircaseBackwardF32';
  const checked = checkGrid(operation, grid);
  assertTensors(operation, checked, { dy, x, dx });
  assertParameters(operation, checked, { alpha, dlower, dupper, dalpha });
  assertApart(operation, 'dy', dy, dx);
  assertApart(operation, 'x', x, dx);
  const { addon, handle } = context;
  checkStatus(
    operation,
    addon.softStaircaseBackward(handle, ...checked.arguments, alpha, gradientScale, dy, x, dx, dlower, dupper, dalpha),
  );
}
