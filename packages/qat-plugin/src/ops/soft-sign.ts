import {
  abs,
  customGrad,
  div,
  type GradSaveFunc,
  lessEqual,
  mul,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { signForward } from './sign';
import { softPiece } from './soft-staircase';
import { sumToShape } from './sum-to-shape';

/**
 * Differentiable Soft Quantization with one bit: one interval [−u, u] with the two levels ±u, so the forward is u·B(x) and the
 * backward one tanh piece. With t = x/2u, K = ln(2/α − 1), S = 1/(1 − α), T = tanh(K·t), G = S·K·(1 − T²):
 *
 *   soft y = u·S·T                          (±u outside; S·T = ±1 at the ends)
 *   ∂y/∂x = G/2
 *   ∂y/∂u = B(x) − (G/2)(x/u)
 *   ∂y/∂α = u·(T/(1−α)² − S(1−T²)·t·2/(α(2−α)))
 *   |x| > u: (0, B(x), 0)
 *
 * These are the formulas of {@link softStaircaseTied} for N = 1, l = −u, Δ = 2u.
 *
 * @param gradientScale factor on the gradients of u and α
 * @see Gong et al. 2019, arXiv:1908.05033 eqs. 3–11
 */
export function softSign(x: Tensor, upper: Tensor, alpha: Tensor, gradientScale: number): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, u, a, save] = args as [Tensor, Tensor, Tensor, GradSaveFunc];
    save([input, u, a]);
    return {
      value: mul(signForward(input), u),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [dx, du, da] = softSignGradients(dy, saved);
        return [dx, mul(du, gradientScale), mul(da, gradientScale)];
      },
    };
  })(x, upper, alpha);
}

function softSignGradients(dy: Tensor, saved: readonly Tensor[]): [dx: Tensor, du: Tensor, dalpha: Tensor] {
  const [x, upper, alpha] = saved as [Tensor, Tensor, Tensor];
  const isInside = lessEqual(abs(x), upper);
  const position = div(x, upper);
  const { half, curvature } = softPiece(mul(position, 0.5), alpha);
  const nothing = zerosLike(x);
  const fromBound = sub(signForward(x), where(isInside, mul(half, position), nothing));
  return [
    where(isInside, mul(dy, half), nothing),
    sumToShape(mul(dy, fromBound), upper.shape),
    sumToShape(mul(dy, where(isInside, mul(upper, curvature), nothing)), alpha.shape),
  ];
}
