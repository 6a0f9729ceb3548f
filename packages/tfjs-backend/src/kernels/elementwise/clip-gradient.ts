import { binaryF32 } from '@bitwright/kernels-native';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** Name of the kernel that computes the gradient of clipByValue; tfjs has none. */
export const clipGradName = 'BitwrightClipByValueGrad';

/** dx = dy where min ≤ x ≤ max, 0 elsewhere. */
export const clipGrad: NativeKernel = nativeKernel<
  { dy: TensorInfo; x: TensorInfo },
  { readonly clipValueMin: number; readonly clipValueMax: number }
>(clipGradName, 'float32', ({ inputs: { dy, x }, attrs: { clipValueMin, clipValueMax }, backend }) => {
  if (!areFloat32(dy, x) || !util.arraysEqual(dy.shape, x.shape)) return undefined;
  const { info, values } = backend.output(x.shape);
  const bounds = { parameter: clipValueMin, limit: clipValueMax };
  binaryF32(backend.native, 'clipGrad', dy.shape, backend.values(dy), x.shape, backend.values(x), values, bounds);
  return info;
});
