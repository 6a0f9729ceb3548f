import type { Conv2dShape } from '@bitwright/kernels-native';
import { type backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Numbers of a 2-D convolution over NHWC data, or undefined where it has no native form (NCHW, empty tensors). */
export function convolutionShape(info: backend_util.Conv2DInfo): Conv2dShape | undefined {
  const sizes = [info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth];
  if (info.dataFormat !== 'channelsLast' || sizes.includes(0) || info.outChannels === 0) return undefined;
  return {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

/** Whether a gradient has the shape of the convolution's output; tfjs also takes others where input and output shape are given. */
export function isOutputOf(info: backend_util.Conv2DInfo, dy: TensorInfo): boolean {
  return util.arraysEqual(info.outShape, dy.shape);
}
