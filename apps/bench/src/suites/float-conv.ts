import { type SeededRandom, seededRandom } from '@bitwright/core';
import {
  type Conv2dShape,
  conv2dF32,
  depthwiseConv2dF32,
  type NativeBackend,
  packMatrixF32,
} from '@bitwright/kernels-native';
import { intAttribute, intsAttribute } from '@bitwright/onnx';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { type ConvLayer, convOperations, outSize } from '../layers/conv-layer';
import { mobilenetV2Depthwise } from '../layers/mobilenet-v2';
import { resnet18 } from '../layers/resnet18';
import { resnet20 } from '../layers/resnet20';
import { resnet50 } from '../layers/resnet50';
import { createPeer, type Peer } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';
import { assertSameFloats } from './same-floats';

/** Float convolutions, the yardstick of everything with fewer bits. */
export const floatConv: KernelSuite = {
  name: 'float-conv',
  description:
    'float32 convolutions, NHWC, against Conv of onnxruntime (NCHW; blocked layout inside where it chooses one, with the ' +
    'reorderings that a single node needs). Batch 1 unless the group says otherwise. At batch 1 filters are constant: both sides pack them beforehand.',
  cases: [
    ...resnet18.map((layer) => convCase('ResNet-18', layer, 1)),
    ...resnet50.map((layer) => convCase('ResNet-50', layer, 1)),
    ...resnet20.map((layer) => convCase('ResNet-20 batch 128', layer, 128)),
    ...mobilenetV2Depthwise.map((layer) => convCase('MobileNetV2 depthwise', layer, 1)),
  ],
};

/** The layer as a call of ours. */
export function conv2dShapeOf(layer: ConvLayer, batch: number): Conv2dShape {
  const [outHeight, outWidth] = outSize(layer);
  const { inHeight, inWidth, inChannels, outChannels, kernel, stride, padding } = layer;
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    filterHeight: kernel,
    filterWidth: kernel,
    strideHeight: stride,
    strideWidth: stride,
    dilationHeight: 1,
    dilationWidth: 1,
    padTop: padding,
    padLeft: padding,
  };
}

/** Seeded floats within [−1/2, 1/2). */
export function randomFloats(random: SeededRandom, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random.next() - 0.5);
}

// — internals —

function convCase(group: string, layer: ConvLayer, batch: number): KernelCase {
  const { name, kernel, inChannels, outChannels, groups } = layer;
  return {
    name,
    group,
    work: batch * convOperations(layer),
    limit: 'f32',
    isQuick: group === 'ResNet-50' && (name === '56×56 64→64 3×3/1' || name === '14×14 256→1024 1×1/1'),
    prepare: async ({ native, threads }) => {
      const shape = conv2dShapeOf(layer, batch);
      const random = seededRandom(1);
      const x = randomFloats(random, batch * shape.inHeight * shape.inWidth * inChannels);
      const filter = randomFloats(random, (kernel * kernel * inChannels * outChannels) / groups);
      const y = new Float32Array(batch * shape.outHeight * shape.outWidth * outChannels);
      const ours = oursOf(native, layer, shape, x, filter, y);
      const peer = await convPeer(layer, shape, threads, x, filter);
      ours();
      await peer.run();
      assertSameFloats(
        name,
        move(y, batch, shape.outHeight * shape.outWidth, outChannels),
        peer.output('y'),
        filter.length / outChannels,
      );
      return { ours, peer: peer.run, close: peer.close };
    },
  };
}

/** Batch 1 is inference, where filters are packed beforehand unless Winograd transforms them; a batch trains. */
function oursOf(
  native: NativeBackend,
  layer: ConvLayer,
  shape: Conv2dShape,
  x: Float32Array,
  filter: Float32Array,
  y: Float32Array,
): () => void {
  if (layer.groups > 1) return () => depthwiseConv2dF32(native, shape, x, filter, y);
  const suitsWinograd = layer.kernel === 3 && layer.stride === 1 && shape.outHeight * shape.outWidth >= 384;
  if (shape.batch > 1 || suitsWinograd) return () => conv2dF32(native, shape, x, filter, y);
  const packed = packMatrixF32(native, { k: layer.kernel ** 2 * layer.inChannels, n: layer.outChannels }, filter);
  return () => conv2dF32(native, shape, x, packed, y);
}

async function convPeer(
  layer: ConvLayer,
  shape: Conv2dShape,
  threads: number,
  x: Float32Array,
  filter: Float32Array,
): Promise<Peer> {
  const { inChannels, outChannels, kernel, stride, padding, groups } = layer;
  const { batch, inHeight, inWidth, outHeight, outWidth } = shape;
  const perGroup = inChannels / groups;
  const inputs = {
    x: {
      type: 'float32' as const,
      data: move(x, batch, inHeight * inWidth, inChannels),
      dims: [batch, inChannels, inHeight, inWidth],
    },
  };
  const outputs = {
    y: {
      type: 'float32' as const,
      data: new Float32Array(batch * outHeight * outWidth * outChannels),
      dims: [batch, outChannels, outHeight, outWidth],
    },
  };
  const model = singleNodeModel({
    opType: 'Conv',
    attributes: [
      intsAttribute('kernel_shape', [kernel, kernel]),
      intsAttribute('strides', [stride, stride]),
      intsAttribute('pads', [padding, padding, padding, padding]),
      intAttribute('group', groups),
    ],
    order: ['x', 'w'],
    inputs,
    constants: {
      w: {
        type: 'float32',
        // [KH, KW, C, O] to [O, C, KH, KW]: the last axis first, then cells behind channels.
        data: move(move(filter, 1, kernel * kernel * perGroup, outChannels), outChannels, kernel * kernel, perGroup),
        dims: [outChannels, perGroup, kernel, kernel],
      },
    },
    outputs,
  });
  return createPeer(model, threads, inputs, outputs);
}

/** [outer, rows, columns] to [outer, columns, rows]. */
function move(values: Float32Array, outer: number, rows: number, columns: number): Float32Array {
  const moved = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const [column, row] = [i % columns, Math.floor(i / columns) % rows];
    moved[(Math.floor(i / columns / rows) * columns + column) * rows + row] = values[i] as number;
  }
  if (moved.length !== outer * rows * columns)
    throw new RangeError(`${moved.length} is not ${outer}·${rows}·${columns}`);
  return moved;
}
