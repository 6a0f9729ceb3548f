import { requantizationMultiplier } from '@bitwright/core';
import { depthwiseI8, packDepthwiseI8 } from '@bitwright/kernels-native';
import { intAttribute, intsAttribute } from '@bitwright/onnx';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { type ConvLayer, convOperations, outSize } from '../layers/conv-layer';
import { mobilenetV2Depthwise } from '../layers/mobilenet-v2';
import { alignedBytes, alignedFloats } from '../peer/aligned';
import { assertSameCodes } from '../peer/assert-codes';
import { createPeer, type Peer } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';
import { qlinearConvPeer } from './int8-conv-peer';
import { fillIntegers, fillReals, type Int8Layer, randomInt8Layer } from './random-layer';

const peers = {
  'against QLinearConv': 'NCHW',
  'against QLinearConv, channels last': 'NHWC',
  'against float Conv': 'float',
} as const;

/** The same layer against one of three peers. */
function depthwiseCase(layer: ConvLayer, group: keyof typeof peers, isQuick: boolean): KernelCase {
  const { name, inHeight, inWidth, inChannels, kernel, stride, padding } = layer;
  return {
    name,
    group,
    work: convOperations(layer),
    limit: 'i8',
    isQuick,
    prepare: async ({ native, threads }) => {
      const values = randomInt8Layer(inChannels, kernel * kernel);
      const [outHeight, outWidth] = outSize(layer);
      const input = fillIntegers(values.random, alignedBytes(native, inHeight * inWidth * inChannels), 0, 255);
      const count = outHeight * outWidth * inChannels;
      const [ours, theirs] = [alignedBytes(native, count), alignedBytes(native, count)];
      const packed = packDepthwiseI8(native, { weight: values.weight, weightShape: [inChannels, kernel, kernel] });
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
      depthwiseI8(native, packed, call, ours);
      const kind = peers[group];
      const peer =
        kind === 'float'
          ? await floatPeer(
              layer,
              values,
              threads,
              alignedFloats(native, input.length),
              alignedFloats(native, outHeight * outWidth * inChannels),
            )
          : await qlinearConvPeer(kind, layer, values, threads, input, theirs);
      await peer.run();
      if (kind === 'NHWC') assertSameCodes(name, ours, peer.output('y'));
      return { ours: () => depthwiseI8(native, packed, call, ours), peer: () => peer.run(), close: () => peer.close() };
    },
  };
}

/** Float Conv of the same shape, with a bias. */
function floatPeer(
  layer: ConvLayer,
  values: Int8Layer,
  threads: number,
  x: Float32Array,
  y: Float32Array,
): Promise<Peer> {
  const { inHeight, inWidth, inChannels: c, kernel, stride, padding } = layer;
  const [outHeight, outWidth] = outSize(layer);
  fillReals(values.random, x);
  const inputs = { x: { type: 'float32' as const, data: x, dims: [1, c, inHeight, inWidth] } };
  const outputs = { y: { type: 'float32' as const, data: y, dims: [1, c, outHeight, outWidth] } };
  const model = singleNodeModel({
    opType: 'Conv',
    attributes: [
      intsAttribute('kernel_shape', [kernel, kernel]),
      intsAttribute('strides', [stride, stride]),
      intsAttribute('pads', [padding, padding, padding, padding]),
      intAttribute('group', c),
    ],
    order: ['x', 'w', 'bias'],
    inputs,
    constants: {
      w: { type: 'float32', data: Float32Array.from(values.weight), dims: [c, 1, kernel, kernel] },
      bias: { type: 'float32', data: Float32Array.from(values.bias), dims: [c] },
    },
    outputs,
  });
  return createPeer(model, threads, inputs, outputs);
}

/** int8 depthwise convolutions against three peers. */
export const int8Depthwise: KernelSuite = {
  name: 'int8-depthwise',
  description:
    'uint8 × int8 depthwise 3×3 layers of MobileNetV2, NHWC, against QLinearConv as ONNX has it (NCHW: alone in a model it transposes), against com.microsoft QLinearConv with channels_last, and against float Conv.',
  cases: (Object.keys(peers) as (keyof typeof peers)[]).flatMap((group) =>
    mobilenetV2Depthwise.map((layer, i) => depthwiseCase(layer, group, i === 2)),
  ),
};
