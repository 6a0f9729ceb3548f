import {
  abs,
  add,
  customGrad,
  div,
  exp,
  type GradSaveFunc,
  lessEqual,
  maximum,
  mul,
  neg,
  onesLike,
  square,
  step,
  sub,
  type Tensor,
  tanh,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel';

/** The pseudo-derivative of the sign in the backward pass, as a function of x. */
export type SignSlope = (x: Tensor) => Tensor;

/**
 * B(x) = +1 where x ≥ 0, −1 elsewhere (never 0, unlike tf.sign), with a chosen pseudo-derivative.
 *
 * Gradient: g_x = g_y·slope(x)
 */
export function binarySign(x: Tensor, slope: SignSlope): Tensor {
  return signWithGradient(x, (dy, input) => mul(dy, slope(input)));
}

/**
 * B(x) with the error decay estimator of IR-Net.
 *
 * Gradient: g_x = g_y·k·t·(1 − tanh²(t·x)), k = max(1/t, 1)
 *
 * @see Qin et al. 2020, arXiv:1909.10788 eqs. 9–12
 */
export function errorDecaySign(x: Tensor, t: number): Tensor {
  const peak = Math.max(1 / t, 1) * t;
  return signWithGradient(x, (dy, input) => {
    const dx = tanhGradient(dy, tanh(mul(input, t)));
    return peak === 1 ? dx : mul(dx, peak);
  });
}

/** ±1 with B(0) = +1: three passes, where a comparison and a selection from constants take five. */
export function signForward(x: Tensor): Tensor {
  return neg(step(neg(x), -1));
}

/** 1 where |x| ≤ clip, else 0 (BNN's hard tanh). @see Courbariaux et al. 2016, arXiv:1602.02830 §1.3 */
export function clippedSlope(clip = 1): SignSlope {
  return (x) => where(lessEqual(abs(x), clip), onesLike(x), zerosLike(x));
}

/** 2 − 2|x| where |x| ≤ 1, else 0 (ApproxSign). @see Liu et al. 2018, "Bi-Real Net", arXiv:1808.00278 eq. 8 */
export function approximateSlope(): SignSlope {
  return (x) => maximum(sub(2, mul(abs(x), 2)), 0);
}

/** β(2 − βx·tanh(βx/2))/(1 + cosh(βx)) (SwishSign). @see Darabi et al. 2018, "BNN+", arXiv:1812.11800 */
export function swishSlope(beta = 5): SignSlope {
  return (x) => {
    const bx = mul(x, beta);
    const cosh = div(add(exp(bx), exp(neg(bx))), 2);
    return div(mul(sub(2, mul(bx, tanh(div(bx, 2)))), beta), add(cosh, 1));
  };
}

// — internals —

function signWithGradient(x: Tensor, gradient: (dy: Tensor, x: Tensor) => Tensor): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, save] = args as [Tensor, GradSaveFunc];
    save([input]);
    return {
      value: signForward(input),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [gradient(dy, saved[0] as Tensor)],
    };
  })(x);
}

/** dy·(1 − y²) for y = tanh(·). */
function tanhGradient(dy: Tensor, y: Tensor): Tensor {
  if (hasKernel('BitwrightTanhGrad')) return runKernel('BitwrightTanhGrad', { dy, saved: y }, {})[0] as Tensor;
  return mul(dy, sub(1, square(y)));
}
