import { binaryF32 } from '@bitwright/kernels-native';
import { AddN, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** tf.addN: the sum of tensors of one shape, added in their order. */
export const addN: NativeKernel = nativeKernel<Record<string, TensorInfo>, object>(
  AddN,
  'float32',
  ({ inputs, backend }) => {
    const [first, second, ...others] = Object.values(inputs);
    if (first === undefined || second === undefined || !areFloat32(first, second, ...others)) return undefined;
    const { shape } = first;
    if (![second, ...others].every((info) => util.arraysEqual(info.shape, shape))) return undefined;
    const { info, values } = backend.output(shape);
    binaryF32(backend.native, 'add', shape, backend.values(first), shape, backend.values(second), values);
    for (const other of others) {
      binaryF32(backend.native, 'add', shape, values, shape, backend.values(other), values);
    }
    return info;
  },
);
