import { depthwiseBackwardInputF32 } from '@bitwright/kernels-native';
import {
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type DepthwiseConv2dNativeBackpropInputInputs,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isOutputOf } from './convolution-shape';
import { depthwiseShape } from './depthwise-shape';

/** Gradient of tf.depthwiseConv2d by its input. Shapes: dy [N,outH,outW,C·multiplier] → [N,H,W,C]. */
export const depthwiseBackpropInput: NativeKernel = nativeKernel<
  DepthwiseConv2dNativeBackpropInputInputs,
  DepthwiseConv2dNativeBackpropInputAttrs
>(DepthwiseConv2dNativeBackpropInput, 'float32 NHWC', ({ inputs: { dy, filter }, attrs, backend }) => {
  const { convInfo, shape } = depthwiseShape(attrs.inputShape, filter.shape, attrs);
  if (shape === undefined || !isOutputOf(convInfo, dy) || !areFloat32(dy, filter)) return undefined;
  const { info, values } = backend.output(convInfo.inShape);
  depthwiseBackwardInputF32(backend.native, shape, backend.values(dy), backend.values(filter), values);
  return info;
});
