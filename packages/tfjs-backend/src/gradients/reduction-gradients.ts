import { backend_util, Mean, mul, reshape, Sum, type Tensor, tile, util } from '@tensorflow/tfjs-core';
import type { NativeGradient } from './native-gradient';

/** Gradients of tf.sum and tf.mean: dy (times 1/count) repeated along the reduced axes, without tfjs' tensor of ones. */
export const reductionGradients: readonly NativeGradient[] = [
  {
    kernelName: Sum,
    gradients: (dy, [x], { axis }) => ({ x: () => repeatOver(x as Tensor, dy, axis as number[], 1) }),
  },
  {
    kernelName: Mean,
    gradients: (dy, [x], { axis }) => {
      const input = x as Tensor;
      const axes = util.parseAxisParam(axis as number[], input.shape);
      const [, reducedShape] = backend_util.computeOutAndReduceShapes(input.shape, axes);
      return { x: () => repeatOver(input, dy, axes, util.sizeFromShape(reducedShape)) };
    },
  },
];

// — internals —

function repeatOver(x: Tensor, dy: Tensor, axis: number | number[], count: number): Tensor {
  const axes = util.parseAxisParam(axis, x.shape);
  const kept = x.shape.map((length, dimension) => (axes.includes(dimension) ? 1 : length));
  const repetitions = x.shape.map((length, dimension) => (axes.includes(dimension) ? length : 1));
  const scaled = count === 1 ? dy : mul(dy, 1 / count);
  return tile(reshape(scaled, kept), repetitions);
}
