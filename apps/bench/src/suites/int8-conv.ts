import { requantizationMultiplier } from '@bitwright/core';
import { conv2dI8, packConv2dI8 } from '@bitwright/kernels-native';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { type ConvLayer, convOperations, outSize } from '../layers/conv-layer';
import { mobilenetV2Pointwise } from '../layers/mobilenet-v2';
import { resnet18 } from '../layers/resnet18';
import { resnet50 } from '../layers/resnet50';
import { alignedBytes } from '../peer/aligned';
import { assertSameCodes } from '../peer/assert-codes';
import { qlinearConvPeer } from './int8-conv-peer';
import { fillIntegers, randomInt8Layer } from './random-layer';

/** uint8 activations, int8 weights with a scale per output channel, uint8 result. */
function convCase(layer: ConvLayer, group: string, isQuick: boolean): KernelCase {
  const { name, inHeight, inWidth, inChannels, outChannels, kernel, stride, padding } = layer;
  return {
    name,
    group,
    work: convOperations(layer),
    limit: 'i8',
    isQuick,
    prepare: async ({ native, threads }) => {
      const values = randomInt8Layer(outChannels, kernel * kernel * inChannels);
      const [outHeight, outWidth] = outSize(layer);
      const input = fillIntegers(values.random, alignedBytes(native, inHeight * inWidth * inChannels), 0, 255);
      const count = outHeight * outWidth * outChannels;
      const [ours, theirs] = [alignedBytes(native, count), alignedBytes(native, count)];
      const weightShape = [outChannels, kernel, kernel, inChannels];
      const packed = packConv2dI8(native, { weight: values.weight, weightShape });
      const multiplier = requantizationMultiplier(values.inputScale, values.weightScale, values.outputScale);
      const call = {
        input,
        inputShape: [1, inHeight, inWidth, inChannels],
        inputZeroPoint: values.inputZeroPoint,
        bias: values.bias,
        strides: [stride, stride] as const,
        pads: [padding, padding, padding, padding] as const,
        to: { multiplier, zeroPoint: values.outputZeroPoint, qmin: 0, qmax: 255 },
      };
      const peer = await qlinearConvPeer('NHWC', layer, values, threads, input, theirs);
      conv2dI8(native, packed, call, ours);
      await peer.run();
      assertSameCodes(name, ours, peer.output('y'));
      return { ours: () => conv2dI8(native, packed, call, ours), peer: () => peer.run(), close: () => peer.close() };
    },
  };
}

/** int8 convolutions against QLinearConv. */
export const int8Conv: KernelSuite = {
  name: 'int8-conv',
  description: 'uint8 × int8 convolutions at batch 1, NHWC, against com.microsoft QLinearConv with channels_last.',
  cases: [
    ...resnet50.map((layer, i) => convCase(layer, 'ResNet-50', i === 0 || i === 10)),
    ...resnet18.map((layer) => convCase(layer, 'ResNet-18', false)),
    ...mobilenetV2Pointwise.map((layer) => convCase(layer, 'MobileNetV2 dense', false)),
  ],
};
