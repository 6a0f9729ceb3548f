import {
  DepthwiseConv2dNative,
  type DepthwiseConv2dNativeAttrs,
  type DepthwiseConv2dNativeInputs,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { depthwiseShape } from './depthwise-shape';
import { depthwiseWork } from './depthwise-work';

/** tf.depthwiseConv2d. Shapes: x [N,H,W,C], filter [height,width,C,multiplier] → [N,outH,outW,C·multiplier]. */
export const depthwiseConv2d: NativeKernel = nativeKernel<DepthwiseConv2dNativeInputs, DepthwiseConv2dNativeAttrs>(
  DepthwiseConv2dNative,
  'float32 NHWC',
  ({ inputs: { x, filter }, attrs, backend }) => {
    const { convInfo, shape } = depthwiseShape(x.shape, filter.shape, attrs);
    if (shape === undefined || !areFloat32(x, filter)) return undefined;
    const work = depthwiseWork(shape, backend.values(x), backend.values(filter), null);
    return backend.fusableOutput(convInfo.outShape, work, { isSavedForGradient: true });
  },
);
