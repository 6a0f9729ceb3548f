import {
  Fill,
  type FillAttrs,
  OnesLike,
  type TensorInfo,
  type UnaryInputs,
  util,
  ZerosLike,
} from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** tf.fill, tf.zerosLike, tf.onesLike: pooled memory, so that constants of a training step cost no fresh pages. */
export const fillKernels: readonly NativeKernel[] = [
  nativeKernel<Record<string, TensorInfo>, FillAttrs>(
    Fill,
    'float32',
    ({ attrs: { shape, value, dtype }, backend }) => {
      const type = dtype ?? util.inferDtype(value);
      return type === 'float32' && typeof value === 'number' ? filled(backend, shape, value) : undefined;
    },
  ),
  nativeKernel<UnaryInputs, object>(ZerosLike, 'float32', ({ inputs: { x }, backend }) =>
    x.dtype === 'float32' ? filled(backend, x.shape, 0) : undefined,
  ),
  nativeKernel<UnaryInputs, object>(OnesLike, 'float32', ({ inputs: { x }, backend }) =>
    x.dtype === 'float32' ? filled(backend, x.shape, 1) : undefined,
  ),
];

// — internals —

function filled(backend: BitwrightBackend, shape: readonly number[], value: number): TensorInfo {
  const { info, values } = backend.output(shape);
  values.fill(value);
  return info;
}
