import { selectF32 } from '@bitwright/kernels-native';
import { Select, type SelectInputs, util } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** tf.where(condition, a, b) on equal shapes; a condition that picks rows is borrowed. */
export const select: NativeKernel = nativeKernel<SelectInputs, object>(
  Select,
  'float32, condition of the same shape',
  ({ inputs: { condition, t, e }, backend }) => {
    if (!areFloat32(t, e) || !util.arraysEqual(condition.shape, t.shape)) return undefined;
    const { info, values } = backend.output(t.shape);
    selectF32(backend.native, backend.values<'bool'>(condition), backend.values(t), backend.values(e), values);
    return info;
  },
);
