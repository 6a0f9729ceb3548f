import { unaryF32 } from '@bitwright/kernels-native';
import {
  ClipByValue,
  type ClipByValueAttrs,
  type NamedAttrMap,
  Relu,
  Relu6,
  type UnaryInputs,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** tf.relu, tf.relu6 and tf.clipByValue: free after a convolution or a batch normalization, whose registers they clamp. */
export const clampKernels: readonly NativeKernel[] = [
  clamp<NamedAttrMap>(Relu, () => 'relu'),
  clamp<NamedAttrMap>(Relu6, () => ({ min: 0, max: 6 })),
  clamp<ClipByValueAttrs>(ClipByValue, ({ clipValueMin, clipValueMax }) => ({ min: clipValueMin, max: clipValueMax })),
];

// — internals —

function clamp<Attrs extends object>(
  kernelName: string,
  activationOf: (attrs: Attrs) => 'relu' | { readonly min: number; readonly max: number },
): NativeKernel {
  return nativeKernel<UnaryInputs, Attrs>(kernelName, 'float32', ({ inputs: { x }, attrs, backend }) => {
    if (!areFloat32(x)) return undefined;
    const activation = activationOf(attrs);
    const { info, values } = backend.output(x.shape);
    const pending = backend.deferred(x);
    if (pending?.work.takes.includes('activation')) {
      pending.runInto(values, { activation });
    } else if (activation === 'relu') {
      unaryF32(backend.native, 'relu', backend.values(x), values);
    } else {
      unaryF32(backend.native, 'clip', backend.values(x), values, { a: activation.min, b: activation.max });
    }
    return info;
  });
}
