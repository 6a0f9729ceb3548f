import { batchNormInferF32, momentsF32 } from '@bitwright/kernels-native';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { batchNormSize } from './batch-norm-work';

export const channelMomentsName = 'BitwrightChannelMoments';
export const channelMomentsGradName = 'BitwrightChannelMomentsGrad';

const covers = 'float32, all axes but the last';

/** Mean and population variance over all axes but the last, in one pass. Shapes: x [rows…,C] → mean [C], variance [C]. */
export const channelMoments: NativeKernel = nativeKernel<{ x: TensorInfo }, object>(
  channelMomentsName,
  covers,
  ({ inputs: { x }, backend }) => {
    const shape = batchNormSize(x, 0);
    if (shape === undefined || !areFloat32(x)) return undefined;
    const mean = backend.output([shape.channels]);
    const variance = backend.output([shape.channels]);
    momentsF32(backend.native, shape, backend.values(x), { mean: mean.values, variance: variance.values });
    return [mean.info, variance.info];
  },
);

/**
 * Gradient of {@link channelMoments}.
 *
 * Formula: dx = (dmean + 2 · (x − mean) · dvariance) / rows
 * Shapes:  dmean and dvariance [C], x [rows…,C], mean [C] → dx like x
 */
export const channelMomentsGrad: NativeKernel = nativeKernel<
  { dmean: TensorInfo; dvariance: TensorInfo; x: TensorInfo; mean: TensorInfo },
  object
>(channelMomentsGradName, covers, ({ inputs: { dmean, dvariance, x, mean }, backend }) => {
  const shape = batchNormSize(x, 0);
  if (shape === undefined || !areFloat32(dmean, dvariance, x, mean)) return undefined;
  const dx = backend.output(x.shape);
  const slope = backend.values(dvariance).map((d) => (2 * d) / shape.rows);
  const shift = backend.values(dmean).map((d) => d / shape.rows);
  const unit = new Float32Array(shape.channels).fill(1);
  const means = backend.values(mean);
  batchNormInferF32(backend.native, shape, backend.values(x), means, unit, slope, shift, dx.values);
  return dx.info;
});
