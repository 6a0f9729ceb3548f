import { abs, customGrad, fill, type GradSaveFunc, less, type Tensor, where } from '@tensorflow/tfjs-core';

/** x, moved to ±least where it is closer to 0 than that (0 goes up), so that one can divide by it. Gradient: identity. */
export function awayFromZero(x: Tensor, least: number): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input] = args as [Tensor];
    const bound = where(less(input, 0), fill(input.shape, -least), fill(input.shape, least));
    return { value: where(less(abs(input), least), bound, input), gradFunc: (dy: Tensor) => [dy] };
  })(x);
}
