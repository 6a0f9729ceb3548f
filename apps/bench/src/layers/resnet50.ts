import { type ConvLayer, convLayer } from './conv-layer';

/** Convolutions of ResNet-50 at 224×224, the stride in the 3×3 layer as torchvision has it (v1.5). */
export const resnet50: readonly ConvLayer[] = [
  convLayer(224, 3, 64, 7, 2),
  convLayer(56, 64, 64, 1, 1),
  convLayer(56, 64, 64, 3, 1, 3),
  convLayer(56, 64, 256, 1, 1, 4),
  convLayer(56, 256, 64, 1, 1, 2),
  convLayer(56, 256, 128, 1, 1),
  convLayer(56, 128, 128, 3, 2),
  convLayer(56, 256, 512, 1, 2),
  convLayer(28, 128, 512, 1, 1, 4),
  convLayer(28, 512, 128, 1, 1, 3),
  convLayer(28, 128, 128, 3, 1, 3),
  convLayer(28, 512, 256, 1, 1),
  convLayer(28, 256, 256, 3, 2),
  convLayer(28, 512, 1024, 1, 2),
  convLayer(14, 256, 1024, 1, 1, 6),
  convLayer(14, 1024, 256, 1, 1, 5),
  convLayer(14, 256, 256, 3, 1, 5),
  convLayer(14, 1024, 512, 1, 1),
  convLayer(14, 512, 512, 3, 2),
  convLayer(14, 1024, 2048, 1, 2),
  convLayer(7, 512, 2048, 1, 1, 3),
  convLayer(7, 2048, 512, 1, 1, 2),
  convLayer(7, 512, 512, 3, 1, 2),
];
