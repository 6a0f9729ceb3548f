import {
  abs,
  customGrad,
  type GradSaveFunc,
  greater,
  less,
  lessEqual,
  mul,
  neg,
  onesLike,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';

/**
 * −1, 0 or +1: sign(x) where |x| > Δ.
 *
 * Gradient: g_x = g_y where |x| ≤ clip, else 0; Δ is a constant.
 *
 * @see Li and Liu 2016, arXiv:1605.04711
 */
export function ternarySign(x: Tensor, threshold: Tensor, clip = 1): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, save] = args as [Tensor, GradSaveFunc];
    save([input]);
    const one = onesLike(input);
    const positive = where(greater(input, threshold), one, zerosLike(input));
    return {
      value: where(less(input, neg(threshold)), neg(one), positive),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const mask = lessEqual(abs(saved[0] as Tensor), clip);
        return [mul(dy, where(mask, onesLike(dy), zerosLike(dy)))];
      },
    };
  })(x);
}

/**
 * scale·sign(w)·1[|w| > Δ] with Δ and scale computed from w by `rule`, both constant in the backward.
 *
 * Gradient: g_w = g_y·scale where |w| ≤ 1, else 0
 */
export function ternaryScaled(w: Tensor, rule: (w: Tensor) => { threshold: Tensor; scale: Tensor }): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, save] = args as [Tensor, GradSaveFunc];
    const { threshold, scale } = rule(input);
    save([input, scale]);
    return {
      value: mul(ternarySign(input, threshold), scale),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [ws, a] = saved as [Tensor, Tensor];
        return [mul(where(lessEqual(abs(ws), 1), dy, zerosLike(dy)), a)];
      },
    };
  })(w);
}
