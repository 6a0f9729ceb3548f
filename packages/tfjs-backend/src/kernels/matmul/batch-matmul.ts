import { gemmF32 } from '@bitwright/kernels-native';
import { BatchMatMul, type BatchMatMulAttrs, type BatchMatMulInputs } from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { matMulShape } from './matmul-shape';

/** tf.matMul. Shapes: a [batch…,m,k], b [batch…,k,n] (each possibly transposed) → [batch…,m,n]. */
export const batchMatMul: NativeKernel = nativeKernel<BatchMatMulInputs, BatchMatMulAttrs>(
  BatchMatMul,
  'float32; batches that are equal or of one matrix',
  ({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend }) => {
    const shape = matMulShape(a, b, transposeA, transposeB);
    if (shape === undefined || !areFloat32(a, b)) return undefined;
    const { info, values } = backend.output(shape.outShape);
    gemmF32(backend.native, shape, backend.values(a), backend.values(b), values);
    return info;
  },
);
