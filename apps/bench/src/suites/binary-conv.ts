import { seededRandom } from '@bitwright/core';
import { conv2dB1, packConv2dB1 } from '@bitwright/kernels-native';
import { intsAttribute } from '@bitwright/onnx';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { type ConvLayer, convLayer, convOperations } from '../layers/conv-layer';
import { alignedFloats } from '../peer/aligned';
import { createPeer } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';
import { channelsFirst } from './int8-conv-peer';
import { fillIntegers, fillReals } from './random-layer';

/** 3×3 layers of a ResNet-18 with signs. */
const layers: readonly ConvLayer[] = [
  convLayer(56, 64, 64, 3, 1),
  convLayer(56, 128, 128, 3, 1),
  convLayer(28, 128, 128, 3, 1),
  convLayer(28, 256, 256, 3, 1),
  convLayer(14, 256, 256, 3, 1),
  convLayer(7, 512, 512, 3, 1),
];

function binaryCase(layer: ConvLayer, kind: 'binary' | 'ternary', isQuick: boolean): KernelCase {
  const { name, inHeight, inWidth, inChannels, outChannels, kernel, padding } = layer;
  return {
    name,
    group: inChannels < 128 ? `${kind}, C < 128` : kind,
    work: convOperations(layer),
    limit: 'b1',
    isQuick,
    prepare: async ({ native, threads }) => {
      const random = seededRandom(inChannels);
      const weight = fillIntegers(random, new Int8Array(outChannels * kernel * kernel * inChannels), -1, 1);
      const packed = packConv2dB1(native, { kind, weight, weightShape: [outChannels, kernel, kernel, inChannels] });
      const pixels = inHeight * inWidth;
      const input = fillReals(random, alignedFloats(native, pixels * inChannels));
      const [ours, theirs] = [alignedFloats(native, pixels * outChannels), alignedFloats(native, pixels * outChannels)];
      const scale = fillReals(random, new Float32Array(outChannels));
      const pads = [padding, padding, padding, padding] as const;
      const call = { input, inputShape: [1, inHeight, inWidth, inChannels], pads, to: { scale } };
      const dims = (c: number) => [1, c, inHeight, inWidth];
      const inputs = { x: { type: 'float32' as const, data: input, dims: dims(inChannels) } };
      const outputs = { y: { type: 'float32' as const, data: theirs, dims: dims(outChannels) } };
      const w = channelsFirst(layer, Float32Array.from(weight));
      const model = singleNodeModel({
        opType: 'Conv',
        attributes: [intsAttribute('kernel_shape', [kernel, kernel]), intsAttribute('pads', [...pads])],
        order: ['x', 'w'],
        inputs,
        constants: { w: { type: 'float32', data: w, dims: [outChannels, inChannels, kernel, kernel] } },
        outputs,
      });
      const peer = await createPeer(model, threads, inputs, outputs);
      return {
        ours: () => conv2dB1(native, packed, call, ours),
        peer: () => peer.run(),
        close: () => peer.close(),
      };
    },
  };
}

/** Binary and ternary weights on signs of activations against float convolutions. */
export const binaryConv: KernelSuite = {
  name: 'binary-conv',
  description:
    'Binary and ternary 3×3 convolutions with exact zero padding, from float activations to scaled float results (packing of the activations included), against float Conv.',
  cases: (['binary', 'ternary'] as const).flatMap((kind) =>
    layers.map((layer) =>
      binaryCase(layer, kind, kind === 'binary' && layer.inHeight === 28 && layer.inChannels === 128),
    ),
  ),
};
