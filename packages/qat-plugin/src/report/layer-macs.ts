import type { Shape } from '@tensorflow/tfjs-layers';
import type { Layer } from '../layers/inner-layer';
import { findVariable } from '../layers/quantize-wrapper';

/**
 * Multiply–accumulates of one layer for one sample: output positions × weights that meet at each.
 *
 * Convolutions: positions·kernel elements; depthwise: the same, as its kernel has no sum over channels; dense: rows·kernel
 * elements. Other layers count 0.
 */
export function layerMacs(layer: Layer, outputShape: Shape): number {
  const size = (name: string): number => {
    const shape = findVariable(layer, name)?.shape;
    return shape === undefined ? 0 : shape.reduce<number>((product, d) => product * (d ?? 1), 1);
  };
  const positions = outputShape.slice(1, -1).reduce<number>((product, d) => product * (d ?? 1), 1);
  switch (layer.getClassName()) {
    case 'Conv1D':
    case 'Conv2D':
    case 'Conv3D':
    case 'Dense':
      return positions * size('kernel');
    case 'DepthwiseConv2D':
      return positions * size('depthwise_kernel');
    case 'SeparableConv2D':
      return positions * (size('depthwise_kernel') + size('pointwise_kernel'));
    default:
      return 0;
  }
}
