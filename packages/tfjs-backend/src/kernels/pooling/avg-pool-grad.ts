import { avgPoolBackwardF32 } from '@bitwright/kernels-native';
import { AvgPoolGrad, type AvgPoolGradAttrs, type AvgPoolGradInputs } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { poolingShape } from './pooling-shape';

/**
 * Gradient of tf.avgPool as tfjs defines it. Shapes: dy [N,outH,outW,C] → [N,H,W,C].
 *
 * With padding, tfjs divides by the whole window here, though its forward divides by the elements inside the image.
 */
export const avgPoolGrad: NativeKernel = nativeKernel<AvgPoolGradInputs, AvgPoolGradAttrs>(
  AvgPoolGrad,
  'float32 NHWC',
  ({ inputs: { dy, input }, attrs, backend }) => {
    const shape = poolingShape(input.shape, attrs);
    if (shape === undefined || !areFloat32(dy, input)) return undefined;
    const { info, values } = backend.output(input.shape);
    avgPoolBackwardF32(backend.native, shape, backend.values(dy), values, { countsPadding: true });
    return info;
  },
);
