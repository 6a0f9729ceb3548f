import { type RowShape, softmaxBackwardF32, softmaxF32 } from '@bitwright/kernels-native';
import {
  type NamedAttrMap,
  Softmax,
  type SoftmaxAttrs,
  type SoftmaxInputs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** Name of the kernel that computes the gradient of softmax; tfjs has none. */
export const softmaxGradName = 'BitwrightSoftmaxGrad';

/** tf.softmax over the last axis; tfjs refuses other axes. */
export const softmax: NativeKernel = nativeKernel<SoftmaxInputs, SoftmaxAttrs>(
  Softmax,
  'float32, last axis',
  ({ inputs: { logits }, attrs: { dim }, backend }) => {
    const lastAxis = logits.shape.length - 1;
    if ((dim !== -1 && dim !== lastAxis) || lastAxis < 0 || !areFloat32(logits)) return undefined;
    const { info, values } = backend.output(logits.shape);
    softmaxF32(backend.native, rowsOf(logits), backend.values(logits), values);
    return info;
  },
);

/** dx = y · (dy − Σ dy·y) along the last axis. */
export const softmaxGrad: NativeKernel = nativeKernel<{ dy: TensorInfo; y: TensorInfo }, NamedAttrMap>(
  softmaxGradName,
  'float32, last axis',
  ({ inputs: { dy, y }, backend }) => {
    if (!areFloat32(dy, y)) return undefined;
    const { info, values } = backend.output(y.shape);
    softmaxBackwardF32(backend.native, rowsOf(y), backend.values(dy), backend.values(y), values);
    return info;
  },
);

// — internals —

function rowsOf({ shape }: TensorInfo): RowShape {
  const columns = shape.at(-1) ?? 1;
  return { rows: util.sizeFromShape(shape) / columns, columns };
}
