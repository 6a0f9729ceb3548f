import {
  add,
  clipByValue,
  customGrad,
  div,
  floor,
  type GradSaveFunc,
  greater,
  less,
  log,
  logicalNot,
  logicalOr,
  mul,
  onesLike,
  round,
  square,
  sub,
  type Tensor,
  tanh,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Codes } from './codes';
import { onGrid } from './fake-quantize';
import { hasKernel, runKernel } from './run-kernel';
import { sumToShape } from './sum-to-shape';

/**
 * Differentiable Soft Quantization: the forward rounds hard, the backward is the derivative of a staircase made of tanh pieces.
 *
 * With N = qmax − qmin intervals on [l, u], Δ = (u − l)/N, r = (x − l)/Δ, i = min(⌊r⌋, N − 1), t = r − i − ½, K = ln(2/α − 1),
 * S = 1/(1 − α), T = tanh(K·t), φ = S·T, G = S·K·(1 − T²):
 *
 *   soft y = l + Δ(i + ½(φ + 1))          (l below, u above; φ = ∓1 at the ends of an interval)
 *   ∂y/∂x = G/2
 *   ∂y/∂l = 1 − c/N + (G/2)(r/N − 1)      c = the code that the hard forward took
 *   ∂y/∂u =     c/N − (G/2)(r/N)
 *   ∂y/∂α = (Δ/2)·(T/(1−α)² − S(1−T²)·t·2/(α(2−α)))
 *   x < l: (0, 1, 0, 0);  x > u: (0, 0, 1, 0)
 *
 * α → 0 is the hard staircase, α → 1 the identity. The mean of ∂y/∂x over an interval is exactly 1.
 *
 * Deviations: l and u are moved to the nearest grid that holds 0 as a code, so that the forward is an affine fake
 * quantization; ties round to even.
 *
 * @see Gong et al. 2019, arXiv:1908.05033 eqs. 3–11
 */
export interface SoftStaircaseOptions extends Codes {
  /** Factor on the gradients of l, u and α. The paper's is 1; 1/√(N·qmax) as in LSQ keeps few bounds from outrunning many weights. */
  readonly gradientScale: number;
}

/** l and u are learned apart. Shapes: lower, upper, alpha broadcast against x and share one shape. */
export function softStaircase(
  x: Tensor,
  lower: Tensor,
  upper: Tensor,
  alpha: Tensor,
  options: SoftStaircaseOptions,
): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, l, u, a, save] = args as [Tensor, Tensor, Tensor, Tensor, GradSaveFunc];
    const { scale, zeroPoint } = boundsToGrid(l, u, options);
    save([input, scale, zeroPoint, a]);
    return {
      value: onGrid(input, scale, zeroPoint, options),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [dx, dl, du, da] = staircaseGradients(dy, saved, options);
        const factor = options.gradientScale;
        return [dx, mul(dl, factor), mul(du, factor), mul(da, factor)];
      },
    };
  })(x, lower, upper, alpha);
}

/**
 * One bound u is learned and l = u·qmin/qmax follows: symmetric weights, or tensors ≥ 0 (qmin = 0, so l = 0).
 * ∂y/∂u becomes ∂y/∂u + (qmin/qmax)·∂y/∂l.
 */
export function softStaircaseTied(x: Tensor, upper: Tensor, alpha: Tensor, options: SoftStaircaseOptions): Tensor {
  const { qmin, qmax, gradientScale } = options;
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, u, a, save] = args as [Tensor, Tensor, Tensor, GradSaveFunc];
    const scale = div(u, qmax);
    const zeroPoint = zerosLike(scale);
    save([input, scale, zeroPoint, a]);
    return {
      value: onGrid(input, scale, zeroPoint, options),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [dx, dl, du, da] = staircaseGradients(dy, saved, options);
        return [dx, mul(add(du, mul(dl, qmin / qmax)), gradientScale), mul(da, gradientScale)];
      },
    };
  })(x, upper, alpha);
}

/** Scale and zero point of the grid nearest to [l, u] that holds 0: s = (u − l)/N, z = clip(round(qmin − l/s)). */
export function boundsToGrid(
  lower: Tensor,
  upper: Tensor,
  { qmin, qmax }: Codes,
): { scale: Tensor; zeroPoint: Tensor } {
  const scale = div(sub(upper, lower), qmax - qmin);
  return { scale, zeroPoint: clipByValue(round(sub(qmin, div(lower, scale))), qmin, qmax) };
}

/**
 * What the gradients of one tanh piece share, for t within [−½, ½] and without meaning beyond: half = G/2 = ∂y/∂x, and
 * curvature = T/(1−α)² − S(1−T²)·t·2/(α(2−α)) = (∂y/∂α)/(Δ/2).
 */
export function softPiece(t: Tensor, alpha: Tensor): { half: Tensor; curvature: Tensor } {
  const K = log(sub(div(2, alpha), 1));
  const S = div(1, sub(1, alpha));
  const T = tanh(mul(K, t));
  const peak = sub(1, square(T));
  return {
    half: mul(mul(mul(S, K), peak), 0.5),
    curvature: sub(div(T, square(sub(1, alpha))), div(mul(mul(mul(S, peak), t), 2), mul(alpha, sub(2, alpha)))),
  };
}

// — internals —

type Gradients = [dx: Tensor, dl: Tensor, du: Tensor, dalpha: Tensor];

function staircaseGradients(dy: Tensor, saved: readonly Tensor[], { qmin, qmax }: Codes): Gradients {
  const [x, scale, zeroPoint, alpha] = saved as [Tensor, Tensor, Tensor, Tensor];
  if (hasKernel('BitwrightDsqGrad')) {
    return runKernel('BitwrightDsqGrad', { dy, x, scale, zeroPoint, alpha }, { qmin, qmax }) as Gradients;
  }
  const intervals = qmax - qmin;
  const r = sub(add(div(x, scale), zeroPoint), qmin);
  const code = clipByValue(add(round(div(x, scale)), sub(zeroPoint, qmin)), 0, intervals);
  const below = less(r, 0);
  const above = greater(r, intervals);
  const inside = logicalNot(logicalOr(below, above));
  const t = sub(sub(r, clipByValue(floor(r), 0, intervals - 1)), 0.5);
  const { half, curvature } = softPiece(t, alpha);
  const nothing = zerosLike(x);
  const one = onesLike(x);
  const share = div(code, intervals);
  const position = div(r, intervals);
  const dl = where(inside, add(sub(1, share), mul(half, sub(position, 1))), where(below, one, nothing));
  const du = where(inside, sub(share, mul(half, position)), where(above, one, nothing));
  const da = where(inside, mul(mul(scale, 0.5), curvature), nothing);
  const { shape } = scale;
  return [
    where(inside, mul(dy, half), nothing),
    sumToShape(mul(dy, dl), shape),
    sumToShape(mul(dy, du), shape),
    sumToShape(mul(dy, da), alpha.shape),
  ];
}
