import { avgPoolF32, maxPoolF32 } from '@bitwright/kernels-native';
import {
  AvgPool,
  type AvgPoolAttrs,
  type AvgPoolInputs,
  MaxPool,
  type MaxPoolAttrs,
  util,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { pooledShape, poolingShape } from './pooling-shape';

/** tf.maxPool. Shapes: x [N,H,W,C] → [N,outH,outW,C]; a window never looks into the padding. */
export const maxPool: NativeKernel = pooling(MaxPool, maxPoolF32);

/** tf.avgPool. Shapes as tf.maxPool; the mean is over the elements inside the image. */
export const avgPool: NativeKernel = pooling(AvgPool, avgPoolF32);

// — internals —

function pooling(kernelName: string, pool: typeof maxPoolF32): NativeKernel {
  return nativeKernel<AvgPoolInputs, MaxPoolAttrs | AvgPoolAttrs>(
    kernelName,
    'float32 NHWC',
    ({ inputs: { x }, attrs, backend }) => {
      const shape = poolingShape(x.shape, attrs);
      if (shape === undefined || !areFloat32(x)) return undefined;
      // tfjs takes a window of one element for the identity wherever the size stays, whatever stride and padding say.
      const isIdentity = shape.windowHeight * shape.windowWidth === 1 && util.arraysEqual(x.shape, pooledShape(shape));
      if (isIdentity) return backend.share(x);
      const { info, values } = backend.output(pooledShape(shape));
      pool(backend.native, shape, backend.values(x), values);
      return info;
    },
  );
}
