import { type ConvLayer, convLayer } from './conv-layer';

/** Convolutions of ResNet-18 at 224×224 (He et al. 2016, arXiv:1512.03385 table 1). */
export const resnet18: readonly ConvLayer[] = [
  convLayer(224, 3, 64, 7, 2),
  convLayer(56, 64, 64, 3, 1, 4),
  convLayer(56, 64, 128, 3, 2),
  convLayer(56, 64, 128, 1, 2),
  convLayer(28, 128, 128, 3, 1, 3),
  convLayer(28, 128, 256, 3, 2),
  convLayer(28, 128, 256, 1, 2),
  convLayer(14, 256, 256, 3, 1, 3),
  convLayer(14, 256, 512, 3, 2),
  convLayer(14, 256, 512, 1, 2),
  convLayer(7, 512, 512, 3, 1, 3),
];
