import { conv2dBackwardInputF32 } from '@bitwright/kernels-native';
import {
  backend_util,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
  type Conv2DBackpropInputInputs,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { convolutionShape, isOutputOf } from './convolution-shape';

/**
 * Gradient of tf.conv2d by its input, and the forward of tf.conv2dTranspose. Shapes: dy [N,outH,outW,outC] → [N,H,W,C].
 *
 * tfjs asks for it in the first layer of a network too, where nobody reads it: deferred, it costs nothing there. Elsewhere the
 * gradient of another branch is added to it, and that of a relu masks it, on the way.
 */
export const conv2dBackpropInput: NativeKernel = nativeKernel<Conv2DBackpropInputInputs, Conv2DBackpropInputAttrs>(
  Conv2DBackpropInput,
  'float32 NHWC',
  ({ inputs: { dy, filter }, attrs, backend }) => {
    const convInfo = backend_util.computeConv2DInfo(
      attrs.inputShape,
      filter.shape as [number, number, number, number],
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      backend_util.convertConv2DDataFormat(attrs.dataFormat),
    );
    const shape = convolutionShape(convInfo);
    if (shape === undefined || !isOutputOf(convInfo, dy) || !areFloat32(dy, filter)) return undefined;
    const operands = [backend.values(dy), backend.values(filter)] as const;
    return backend.fusableOutput(convInfo.inShape, {
      operands,
      takes: ['residual', 'gate'],
      run: ({ native }, dx, epilogue) => conv2dBackwardInputF32(native, shape, ...operands, dx, epilogue),
    });
  },
);
