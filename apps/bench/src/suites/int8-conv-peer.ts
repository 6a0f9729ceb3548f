import { intAttribute, intsAttribute, stringAttribute } from '@bitwright/onnx';
import { type ConvLayer, outSize } from '../layers/conv-layer';
import { createPeer, type Peer } from '../peer/onnxruntime';
import { singleNodeModel } from '../peer/single-node-model';
import type { Int8Layer } from './random-layer';

/**
 * QLinearConv of one layer on onnxruntime.
 *
 * `NHWC` is its own com.microsoft operator with channels last, which it uses inside quantized networks; `NCHW` is the operator
 * of ONNX, which, alone in a model, also transposes its input and output.
 */
export async function qlinearConvPeer(
  layout: 'NHWC' | 'NCHW',
  layer: ConvLayer,
  values: Int8Layer,
  threads: number,
  x: Uint8Array,
  y: Uint8Array,
): Promise<Peer> {
  const { inHeight, inWidth, inChannels, outChannels, kernel, stride, padding, groups } = layer;
  const [outHeight, outWidth] = outSize(layer);
  const isLast = layout === 'NHWC';
  const dims = (c: number, h: number, w: number) => (isLast ? [1, h, w, c] : [1, c, h, w]);
  const inputs = { x: { type: 'uint8' as const, data: x, dims: dims(inChannels, inHeight, inWidth) } };
  const outputs = { y: { type: 'uint8' as const, data: y, dims: dims(outChannels, outHeight, outWidth) } };
  const model = singleNodeModel({
    opType: 'QLinearConv',
    domain: isLast ? 'com.microsoft' : '',
    attributes: [
      intsAttribute('kernel_shape', [kernel, kernel]),
      intsAttribute('strides', [stride, stride]),
      intsAttribute('pads', [padding, padding, padding, padding]),
      intAttribute('group', groups),
      stringAttribute('auto_pad', 'NOTSET'),
      ...(isLast ? [intAttribute('channels_last', 1)] : []),
    ],
    order: ['x', 'xScale', 'xZero', 'w', 'wScale', 'wZero', 'yScale', 'yZero', 'bias'],
    inputs,
    constants: {
      xScale: { type: 'float32', data: Float32Array.of(values.inputScale), dims: [] },
      xZero: { type: 'uint8', data: Uint8Array.of(values.inputZeroPoint), dims: [] },
      w: {
        type: 'int8',
        data: channelsFirst(layer, values.weight),
        dims: [outChannels, inChannels / groups, kernel, kernel],
      },
      wScale: { type: 'float32', data: values.weightScale, dims: [outChannels] },
      wZero: { type: 'int8', data: new Int8Array(outChannels), dims: [outChannels] },
      yScale: { type: 'float32', data: Float32Array.of(values.outputScale), dims: [] },
      yZero: { type: 'uint8', data: Uint8Array.of(values.outputZeroPoint), dims: [] },
      bias: { type: 'int32', data: values.bias, dims: [outChannels] },
    },
    outputs,
  });
  return createPeer(model, threads, inputs, outputs);
}

/** [O, KH, KW, C/groups] to [O, C/groups, KH, KW]. */
export function channelsFirst<T extends Int8Array | Float32Array>(layer: ConvLayer, weight: T): T {
  const { inChannels, groups, kernel } = layer;
  const [channels, taps] = [inChannels / groups, kernel * kernel];
  const moved = weight.slice() as T;
  for (let i = 0; i < weight.length; i++) {
    const c = i % channels;
    const tap = Math.floor(i / channels) % taps;
    const o = Math.floor(i / channels / taps);
    moved[(o * channels + c) * taps + tap] = weight[i] as number;
  }
  return moved;
}
