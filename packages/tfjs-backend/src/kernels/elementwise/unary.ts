import { type UnaryOp, unaryF32 } from '@bitwright/kernels-native';
import {
  Abs,
  Acos,
  Acosh,
  Asin,
  Asinh,
  Atan,
  Atanh,
  Ceil,
  Cos,
  Cosh,
  Elu,
  Erf,
  Exp,
  Expm1,
  Floor,
  LeakyRelu,
  type LeakyReluAttrs,
  Log,
  Log1p,
  type NamedAttrMap,
  Neg,
  Reciprocal,
  Round,
  Rsqrt,
  Selu,
  Sigmoid,
  Sin,
  Sinh,
  Softplus,
  Sqrt,
  Square,
  Step,
  type StepAttrs,
  Tanh,
  type UnaryInputs,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** Kernels of one float32 input and no attribute. */
const plainOperations: Readonly<Record<string, UnaryOp>> = {
  [Abs]: 'abs',
  [Sinh]: 'sinh',
  [Cosh]: 'cosh',
  [Atanh]: 'atanh',
  [Atan]: 'atan',
  [Asinh]: 'asinh',
  [Asin]: 'asin',
  [Acosh]: 'acosh',
  [Acos]: 'acos',
  [Ceil]: 'ceil',
  [Cos]: 'cos',
  [Erf]: 'erf',
  [Exp]: 'exp',
  [Expm1]: 'expm1',
  [Floor]: 'floor',
  [Log]: 'log',
  [Log1p]: 'log1p',
  [Neg]: 'neg',
  [Reciprocal]: 'reciprocal',
  [Round]: 'round',
  [Rsqrt]: 'rsqrt',
  [Selu]: 'selu',
  [Sigmoid]: 'sigmoid',
  [Sin]: 'sin',
  [Softplus]: 'softplus',
  [Sqrt]: 'sqrt',
  [Square]: 'square',
  [Tanh]: 'tanh',
};

/** tf.abs, tf.exp, tf.sigmoid, …: one float32 tensor in, one of the same shape out. */
export const unaryKernels: readonly NativeKernel[] = [
  ...Object.entries(plainOperations).map(([kernelName, operation]) => unary<NamedAttrMap>(kernelName, operation)),
  // tfjs' elu has no attribute: e^x − 1 below 0, that is a = 1.
  unary<NamedAttrMap>(Elu, 'elu', () => ({ a: 1 })),
  unary<LeakyReluAttrs>(LeakyRelu, 'leakyRelu', ({ alpha }) => ({ a: alpha })),
  unary<StepAttrs>(Step, 'step', ({ alpha }) => ({ a: alpha })),
];

// — internals —

function unary<Attrs extends object>(
  kernelName: string,
  operation: UnaryOp,
  constants: (attrs: Attrs) => { a?: number; b?: number } = () => ({}),
): NativeKernel {
  return nativeKernel<UnaryInputs, Attrs>(kernelName, 'float32', ({ inputs: { x }, attrs, backend }) => {
    if (!areFloat32(x)) return undefined;
    const { info, values } = backend.output(x.shape);
    unaryF32(backend.native, operation, backend.values(x), values, constants(attrs));
    return info;
  });
}
