import { gemmF32 } from '@bitwright/kernels-native';
import { _FusedMatMul, type _FusedMatMulAttrs, type _FusedMatMulInputs, util } from '@tensorflow/tfjs-core';
import { fuseActivation } from '../activation';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { matMulShape } from './matmul-shape';

/** activation(a · b + bias). Shapes as tf.matMul, bias [n]. */
export const fusedMatMul: NativeKernel = nativeKernel<_FusedMatMulInputs, _FusedMatMulAttrs>(
  _FusedMatMul,
  'float32; a bias of one value per column',
  ({ inputs: { a, b, bias, preluActivationWeights }, attrs, backend }) => {
    const { transposeA, transposeB, leakyreluAlpha } = attrs;
    const shape = matMulShape(a, b, transposeA, transposeB);
    if (shape === undefined || !areFloat32(a, b, bias, preluActivationWeights)) return undefined;
    if (bias != null && (bias.shape.at(-1) !== shape.n || util.sizeFromShape(bias.shape) !== shape.n)) return undefined;
    const activation = fuseActivation({ activation: attrs.activation, leakyreluAlpha, preluActivationWeights });
    if (activation === undefined) return undefined;
    const output = backend.output(shape.outShape);
    gemmF32(backend.native, shape, backend.values(a), backend.values(b), output.values, {
      ...(bias == null ? {} : { bias: backend.values(bias) }),
      activation: activation.insideCall,
    });
    activation.afterwards(backend, output);
    return output.info;
  },
);
