import { maxPoolBackwardF32 } from '@bitwright/kernels-native';
import { MaxPoolGrad, type MaxPoolGradAttrs, type MaxPoolGradInputs } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { poolingShape } from './pooling-shape';

/** Gradient of tf.maxPool: dy goes to the first maximum of each window. Shapes: dy [N,outH,outW,C] → [N,H,W,C]. */
export const maxPoolGrad: NativeKernel = nativeKernel<MaxPoolGradInputs, MaxPoolGradAttrs>(
  MaxPoolGrad,
  'float32 NHWC',
  ({ inputs: { dy, input, output }, attrs, backend }) => {
    const shape = poolingShape(input.shape, attrs);
    if (shape === undefined || !areFloat32(dy, input, output)) return undefined;
    const { info, values } = backend.output(input.shape);
    const { native } = backend;
    maxPoolBackwardF32(native, shape, backend.values(dy), backend.values(input), backend.values(output), values);
    return info;
  },
);
