import { batchNormBackwardF32, momentsF32 } from '@bitwright/kernels-native';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { batchNormSize, batchNormWork } from './batch-norm-work';

interface Attrs {
  readonly epsilon: number;
}

/** Name of the kernel; tfjs composes it from moments and batchNorm. */
export const batchNormTrainName = 'BitwrightBatchNormTrain';
export const batchNormTrainGradName = 'BitwrightBatchNormTrainGrad';

const covers = 'float32, last axis';

/**
 * Batch normalization by the statistics of the batch, over the last axis.
 *
 * Formula:  y = (x − mean) · gamma / sqrt(variance + ε) + beta;  mean, variance over all axes but the last, variance biased
 * Shapes:   x [rows…,C], gamma and beta [C] → y like x, mean [C], variance [C]
 */
export const batchNormTrain: NativeKernel = nativeKernel<{ x: TensorInfo; gamma: TensorInfo; beta: TensorInfo }, Attrs>(
  batchNormTrainName,
  covers,
  ({ inputs: { x, gamma, beta }, attrs: { epsilon }, backend }) => {
    const size = batchNormSize(x, epsilon);
    if (size === undefined || !areFloat32(x, gamma, beta)) return undefined;
    const mean = backend.output([size.channels]);
    const variance = backend.output([size.channels]);
    const parameters = {
      mean: mean.values,
      variance: variance.values,
      gamma: backend.values(gamma),
      beta: backend.values(beta),
    };
    momentsF32(backend.native, size, backend.values(x), parameters);
    const y = backend.fusableOutput(x.shape, batchNormWork(size, backend.values(x), parameters));
    return [y, mean.info, variance.info];
  },
);

/**
 * Gradient of {@link batchNormTrain}, through the statistics too.
 *
 * Shapes: dy and x [rows…,C], mean, variance and gamma [C] → dx like x, dgamma [C], dbeta [C]
 */
export const batchNormTrainGrad: NativeKernel = nativeKernel<
  { dy: TensorInfo; x: TensorInfo; mean: TensorInfo; variance: TensorInfo; gamma: TensorInfo },
  Attrs
>(batchNormTrainGradName, covers, ({ inputs: { dy, x, mean, variance, gamma }, attrs: { epsilon }, backend }) => {
  const size = batchNormSize(x, epsilon);
  if (size === undefined || !areFloat32(dy, x, mean, variance, gamma)) return undefined;
  const dx = backend.output(x.shape);
  const dgamma = backend.output([size.channels]);
  const dbeta = backend.output([size.channels]);
  batchNormBackwardF32(
    backend.native,
    size,
    backend.values(dy),
    backend.values(x),
    backend.values(mean),
    backend.values(variance),
    backend.values(gamma),
    { dx: dx.values, dgamma: dgamma.values, dbeta: dbeta.values },
  );
  return [dx.info, dgamma.info, dbeta.info];
});
