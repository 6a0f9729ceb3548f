import { type ConvLayer, convLayer } from './conv-layer';

/** Convolutions of ResNet-20 on CIFAR-10 at 32×32 (He et al. 2016 §4.2; shortcuts without parameters). */
export const resnet20: readonly ConvLayer[] = [
  convLayer(32, 3, 16, 3, 1),
  convLayer(32, 16, 16, 3, 1, 6),
  convLayer(32, 16, 32, 3, 2),
  convLayer(16, 32, 32, 3, 1, 5),
  convLayer(16, 32, 64, 3, 2),
  convLayer(8, 64, 64, 3, 1, 5),
];
