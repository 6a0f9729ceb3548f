import { backend_util, FusedConv2D, type FusedConv2DAttrs, type FusedConv2DInputs } from '@tensorflow/tfjs-core';
import { fuseActivation } from '../activation';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isChannelBias } from './channel-bias';
import { convolutionShape } from './convolution-shape';
import { convolutionWork } from './convolution-work';

/** activation(conv2d(x, filter) + bias). Shapes as tf.conv2d, bias [outC]. */
export const fusedConv2d: NativeKernel = nativeKernel<FusedConv2DInputs, FusedConv2DAttrs>(
  FusedConv2D,
  'float32 NHWC; a bias of one value per channel',
  ({ inputs: { x, filter, bias, preluActivationWeights }, attrs, backend }) => {
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
    if (shape === undefined || !areFloat32(x, filter, bias, preluActivationWeights)) return undefined;
    if (bias != null && !isChannelBias(bias, shape.outChannels)) return undefined;
    const { leakyreluAlpha } = attrs;
    const activation = fuseActivation({ activation: attrs.activation, leakyreluAlpha, preluActivationWeights });
    if (activation === undefined) return undefined;
    const biasValues = bias == null ? null : backend.values(bias);
    const work = convolutionWork(shape, backend.values(x), backend.values(filter), biasValues);
    if ((attrs.activation ?? 'linear') === 'linear') {
      return backend.fusableOutput(convInfo.outShape, work, { isSavedForGradient: true });
    }
    const output = backend.output(convInfo.outShape);
    work.run(backend, output.values, { activation: activation.insideCall });
    activation.afterwards(backend, output);
    return output.info;
  },
);
