import { conv2dBackwardFilterF32 } from '@bitwright/kernels-native';
import {
  backend_util,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropFilterInputs,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { convolutionShape, isOutputOf } from './convolution-shape';

/** Gradient of tf.conv2d by its filter. Shapes: x [N,H,W,C], dy [N,outH,outW,outC] → [height,width,C,outC]. */
export const conv2dBackpropFilter: NativeKernel = nativeKernel<Conv2DBackpropFilterInputs, Conv2DBackpropFilterAttrs>(
  Conv2DBackpropFilter,
  'float32 NHWC',
  ({ inputs: { x, dy }, attrs, backend }) => {
    const convInfo = backend_util.computeConv2DInfo(
      x.shape as [number, number, number, number],
      attrs.filterShape,
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      backend_util.convertConv2DDataFormat(attrs.dataFormat),
    );
    const shape = convolutionShape(convInfo);
    if (shape === undefined || !isOutputOf(convInfo, dy) || !areFloat32(x, dy)) return undefined;
    const { info, values } = backend.output(convInfo.filterShape);
    conv2dBackwardFilterF32(backend.native, shape, backend.values(x), backend.values(dy), values);
    return info;
  },
);
