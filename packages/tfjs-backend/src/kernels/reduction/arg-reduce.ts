import { argReduceF32 } from '@bitwright/kernels-native';
import { ArgMax, type ArgMaxAttrs, type ArgMaxInputs, ArgMin, util } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** tf.argMax and tf.argMin of a float32 tensor: int32 positions along one axis, the first of equals. */
export const argReduceKernels: readonly NativeKernel[] = [
  argReduction(ArgMax, 'argMax'),
  argReduction(ArgMin, 'argMin'),
];

// — internals —

function argReduction(kernelName: string, operation: 'argMax' | 'argMin'): NativeKernel {
  return nativeKernel<ArgMaxInputs, ArgMaxAttrs>(
    kernelName,
    'float32 without NaN',
    ({ inputs: { x }, attrs, backend }) => {
      const axis = util.parseAxisParam(attrs.axis, x.shape)[0];
      if (axis === undefined || !areFloat32(x)) return undefined;
      const numbers = backend.values(x);
      const { info, values } = backend.output(x.shape.toSpliced(axis, 1), 'int32');
      argReduceF32(backend.native, operation, x.shape, axis, numbers, values);
      // The native kernel reports the first NaN, tfjs passes over it.
      if (!pickedNaN(numbers, x.shape, axis, values)) return info;
      backend.disposeIntermediateTensorInfo(info);
      return undefined;
    },
  );
}

function pickedNaN(x: Float32Array, shape: readonly number[], axis: number, positions: Int32Array): boolean {
  const length = shape[axis] ?? 1;
  const inner = util.sizeFromShape(shape.slice(axis + 1));
  return positions.some((position, index) => {
    const outer = Math.floor(index / inner);
    return Number.isNaN(x[(outer * length + position) * inner + (index % inner)]);
  });
}
