import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** Name of the kernel that computes the gradient of clipByValue; tfjs has none. */
export const clipGradName = 'BitwrightClipByValueGrad';

/** dx = dy where min ≤ x ≤ max, 0 elsewhere; one loop, in pooled memory. */
export const clipGrad: NativeKernel = nativeKernel<
  { dy: TensorInfo; x: TensorInfo },
  { readonly clipValueMin: number; readonly clipValueMax: number }
>(clipGradName, 'float32', ({ inputs, attrs: { clipValueMin, clipValueMax }, backend }) => {
  if (!areFloat32(inputs.dy, inputs.x) || !util.arraysEqual(inputs.dy.shape, inputs.x.shape)) return undefined;
  const { info, values } = backend.output(inputs.x.shape);
  const dy = backend.values(inputs.dy);
  const x = backend.values(inputs.x);
  for (let i = 0; i < values.length; i++) {
    const xi = x[i] as number;
    values[i] = xi >= clipValueMin && xi <= clipValueMax ? (dy[i] as number) : 0;
  }
  return info;
});
