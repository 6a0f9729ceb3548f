import { backend_util, Conv2D, type Conv2DAttrs, type Conv2DInputs } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { convolutionShape } from './convolution-shape';
import { convolutionWork } from './convolution-work';

/** tf.conv2d. Shapes: x [N,H,W,C], filter [height,width,C,outC] → [N,outH,outW,outC]. */
export const conv2d: NativeKernel = nativeKernel<Conv2DInputs, Conv2DAttrs>(
  Conv2D,
  'float32 NHWC',
  ({ inputs: { x, filter }, attrs, backend }) => {
    const convInfo = backend_util.computeConv2DInfo(
      x.shape as [number, number, number, number],
      filter.shape as [number, number, number, number],
      attrs.strides,
      attrs.dilations,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      backend_util.convertConv2DDataFormat(attrs.dataFormat),
    );
    const shape = convolutionShape(convInfo);
    if (shape === undefined || !areFloat32(x, filter)) return undefined;
    const work = convolutionWork(shape, backend.values(x), backend.values(filter), null);
    return backend.fusableOutput(convInfo.outShape, work, { isSavedForGradient: true });
  },
);
