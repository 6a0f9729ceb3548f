import type { Pool2dShape } from '@bitwright/kernels-native';
import { backend_util } from '@tensorflow/tfjs-core';

/** The attributes that the pooling kernels of tfjs share. */
interface PoolingAttrs {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Numbers of one 2-D pooling over NHWC data, or undefined for empty tensors. */
export function poolingShape(inputShape: readonly number[], attrs: PoolingAttrs): Pool2dShape | undefined {
  const shape4D = inputShape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(
    shape4D,
    attrs.filterSize,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  if ([...info.inShape, ...info.outShape].includes(0)) return undefined;
  return {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    channels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    windowHeight: info.filterHeight,
    windowWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: 1,
    dilationWidth: 1,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

/** Shape of the pooled tensor. */
export function pooledShape({ batch, outHeight, outWidth, channels }: Pool2dShape): number[] {
  return [batch, outHeight, outWidth, channels];
}
