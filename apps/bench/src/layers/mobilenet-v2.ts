import { type ConvLayer, convLayer } from './conv-layer';

/** Depthwise 3×3 layer of `channels` channels. */
const depthwise = (size: number, channels: number, stride: number, count = 1): ConvLayer =>
  convLayer(size, channels, channels, 3, stride, count, channels);

/** Depthwise layers of MobileNetV2 1.0 at 224×224 (Sandler et al. 2018, arXiv:1801.04381 table 2). */
export const mobilenetV2Depthwise: readonly ConvLayer[] = [
  depthwise(112, 32, 1),
  depthwise(112, 96, 2),
  depthwise(56, 144, 1),
  depthwise(56, 144, 2),
  depthwise(28, 192, 1, 2),
  depthwise(28, 192, 2),
  depthwise(14, 384, 1, 4),
  depthwise(14, 576, 1, 2),
  depthwise(14, 576, 2),
  depthwise(7, 960, 1, 3),
];

/** Its other convolutions. */
export const mobilenetV2Pointwise: readonly ConvLayer[] = [
  convLayer(224, 3, 32, 3, 2),
  convLayer(112, 32, 16, 1, 1),
  convLayer(112, 16, 96, 1, 1),
  convLayer(56, 96, 24, 1, 1),
  convLayer(56, 24, 144, 1, 1, 2),
  convLayer(56, 144, 24, 1, 1),
  convLayer(28, 144, 32, 1, 1),
  convLayer(28, 32, 192, 1, 1, 3),
  convLayer(28, 192, 32, 1, 1, 2),
  convLayer(14, 192, 64, 1, 1),
  convLayer(14, 64, 384, 1, 1, 4),
  convLayer(14, 384, 64, 1, 1, 3),
  convLayer(14, 384, 96, 1, 1),
  convLayer(14, 96, 576, 1, 1, 3),
  convLayer(14, 576, 96, 1, 1, 2),
  convLayer(7, 576, 160, 1, 1),
  convLayer(7, 160, 960, 1, 1, 3),
  convLayer(7, 960, 160, 1, 1, 2),
  convLayer(7, 960, 320, 1, 1),
  convLayer(7, 320, 1280, 1, 1),
];
