import { customGrad, type GradSaveFunc, mul, type Tensor } from '@tensorflow/tfjs-core';

/** x itself, with its gradient multiplied by a factor. */
export function scaleGradient(x: Tensor, factor: number): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input] = args as [Tensor];
    return { value: mul(input, 1), gradFunc: (dy: Tensor) => [mul(dy, factor)] };
  })(x);
}

/** x itself, without gradient. */
export function stopGradient(x: Tensor): Tensor {
  return scaleGradient(x, 0);
}
