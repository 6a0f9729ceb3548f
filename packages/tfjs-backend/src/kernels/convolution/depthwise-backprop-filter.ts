import { depthwiseBackwardFilterF32 } from '@bitwright/kernels-native';
import {
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropFilterInputs,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isOutputOf } from './convolution-shape';
import { depthwiseShape } from './depthwise-shape';

/** Gradient of tf.depthwiseConv2d by its filter. Shapes: x [N,H,W,C], dy [N,outH,outW,C·multiplier] → [height,width,C,multiplier]. */
export const depthwiseBackpropFilter: NativeKernel = nativeKernel<
  DepthwiseConv2dNativeBackpropFilterInputs,
  DepthwiseConv2dNativeBackpropFilterAttrs
>(DepthwiseConv2dNativeBackpropFilter, 'float32 NHWC', ({ inputs: { x, dy }, attrs, backend }) => {
  const { convInfo, shape } = depthwiseShape(x.shape, attrs.filterShape, attrs);
  if (shape === undefined || !isOutputOf(convInfo, dy) || !areFloat32(x, dy)) return undefined;
  const { info, values } = backend.output(convInfo.filterShape);
  depthwiseBackwardFilterF32(backend.native, shape, backend.values(x), backend.values(dy), values);
  return info;
});
