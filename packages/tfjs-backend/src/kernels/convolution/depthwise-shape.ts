import type { Conv2dShape } from '@bitwright/kernels-native';
import { backend_util } from '@tensorflow/tfjs-core';
import { convolutionShape } from './convolution-shape';

type Shape4D = [number, number, number, number];

/** The attributes that the depthwise kernels of tfjs share. */
interface DepthwiseAttrs {
  readonly strides: [number, number] | number;
  readonly dilations: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** tfjs' view and the native view of one depthwise convolution; filter [height,width,C,multiplier], out channels C·multiplier. */
export function depthwiseShape(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: DepthwiseAttrs,
): { convInfo: backend_util.Conv2DInfo; shape: Conv2dShape | undefined } {
  const convInfo = backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    true,
  );
  return { convInfo, shape: convolutionShape(convInfo) };
}
