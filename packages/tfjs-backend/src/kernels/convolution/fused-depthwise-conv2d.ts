import {
  FusedDepthwiseConv2D,
  type FusedDepthwiseConv2DAttrs,
  type FusedDepthwiseConv2DInputs,
} from '@tensorflow/tfjs-core';
import { fuseActivation } from '../activation';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isChannelBias } from './channel-bias';
import { depthwiseShape } from './depthwise-shape';
import { depthwiseWork } from './depthwise-work';

/** activation(depthwiseConv2d(x, filter) + bias). Shapes as tf.depthwiseConv2d, bias [C·multiplier]. */
export const fusedDepthwiseConv2d: NativeKernel = nativeKernel<FusedDepthwiseConv2DInputs, FusedDepthwiseConv2DAttrs>(
  FusedDepthwiseConv2D,
  'float32 NHWC; a bias of one value per channel',
  ({ inputs: { x, filter, bias, preluActivationWeights }, attrs, backend }) => {
    const { convInfo, shape } = depthwiseShape(x.shape, filter.shape, attrs);
    if (shape === undefined || !areFloat32(x, filter, bias, preluActivationWeights)) return undefined;
    if (bias != null && !isChannelBias(bias, shape.outChannels)) return undefined;
    const { leakyreluAlpha } = attrs;
    const activation = fuseActivation({ activation: attrs.activation, leakyreluAlpha, preluActivationWeights });
    if (activation === undefined) return undefined;
    const biasValues = bias == null ? null : backend.values(bias);
    const work = depthwiseWork(shape, backend.values(x), backend.values(filter), biasValues);
    if ((attrs.activation ?? 'linear') === 'linear') {
      return backend.fusableOutput(convInfo.outShape, work, { isSavedForGradient: true });
    }
    const output = backend.output(convInfo.outShape);
    work.run(backend, output.values, { activation: activation.insideCall });
    activation.afterwards(backend, output);
    return output.info;
  },
);
