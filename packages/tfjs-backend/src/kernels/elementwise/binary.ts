import { type BinaryOp, binaryF32, type CompareOp, compareF32 } from '@bitwright/kernels-native';
import {
  Add,
  Atan2,
  type BinaryInputs,
  backend_util,
  EluGrad,
  type EluGradInputs,
  Equal,
  Greater,
  GreaterEqual,
  Less,
  LessEqual,
  Maximum,
  Minimum,
  Mod,
  Multiply,
  type NamedAttrMap,
  NotEqual,
  Pow,
  Prelu,
  type PreluInputs,
  RealDiv,
  SquaredDifference,
  Sub,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { areFloat32 } from '../float32';
import { maxRank } from '../max-rank';
import { type NativeKernel, nativeKernel } from '../native-kernel';

const arithmetic: Readonly<Record<string, BinaryOp>> = {
  [Atan2]: 'atan2',
  [Maximum]: 'max',
  [Minimum]: 'min',
  [Mod]: 'floorMod',
  [Multiply]: 'mul',
  [Pow]: 'pow',
  [RealDiv]: 'div',
  [SquaredDifference]: 'squaredDifference',
  [Sub]: 'sub',
};

const comparisons: Readonly<Record<string, CompareOp>> = {
  [Equal]: 'equal',
  [Greater]: 'greater',
  [GreaterEqual]: 'greaterEqual',
  [Less]: 'less',
  [LessEqual]: 'lessEqual',
  [NotEqual]: 'notEqual',
};

const covers = 'float32, up to 6 dimensions after broadcasting';

/** tf.add, tf.mul, tf.greater, …: two float32 tensors that broadcast against each other; comparisons give bool. */
export const binaryKernels: readonly NativeKernel[] = [
  nativeKernel<BinaryInputs, NamedAttrMap>(
    Add,
    covers,
    ({ inputs: { a, b }, backend }) => joinResidual(backend, a, b) ?? runBinary(backend, 'add', a, b),
  ),
  ...Object.entries(arithmetic).map(([kernelName, operation]) =>
    nativeKernel<BinaryInputs, NamedAttrMap>(kernelName, covers, ({ inputs: { a, b }, backend }) =>
      runBinary(backend, operation, a, b),
    ),
  ),
  ...Object.entries(comparisons).map(([kernelName, operation]) =>
    nativeKernel<BinaryInputs, NamedAttrMap>(kernelName, covers, ({ inputs: { a, b }, backend }) =>
      compare(backend, operation, a, b),
    ),
  ),
  nativeKernel<PreluInputs, NamedAttrMap>(Prelu, covers, ({ inputs: { x, alpha }, backend }) =>
    runBinary(backend, 'prelu', x, alpha),
  ),
  nativeKernel<EluGradInputs, NamedAttrMap>(EluGrad, covers, ({ inputs: { dy, y }, backend }) =>
    runBinary(backend, 'eluGrad', dy, y),
  ),
];

/** One element-wise operation on two tensors, or undefined where it has no native form. */
export function runBinary(
  backend: BitwrightBackend,
  operation: BinaryOp,
  a: TensorInfo,
  b: TensorInfo,
): TensorInfo | undefined {
  const shape = nativeBroadcast(a, b);
  if (shape === undefined) return undefined;
  const { info, values } = backend.output(shape);
  binaryF32(backend.native, operation, a.shape, backend.values(a), b.shape, backend.values(b), values);
  return info;
}

// — internals —

/** a + b where one of them is work that adds the other on its way: the residual connection of a network. */
function joinResidual(backend: BitwrightBackend, a: TensorInfo, b: TensorInfo): TensorInfo | undefined {
  if (!util.arraysEqual(a.shape, b.shape) || !areFloat32(a, b)) return undefined;
  for (const [main, residual] of [
    [a, b],
    [b, a],
  ] as const) {
    const pending = backend.deferred(main);
    if (pending === undefined || pending.residual !== undefined || !backend.isOurs(residual)) continue;
    if (!pending.work.takes.includes('residual')) continue;
    const values = backend.values(residual);
    // Adding a tensor to itself has just done the work.
    if (backend.deferred(main) === pending) return backend.deferredOutput(a.shape, pending.work, values);
  }
  return undefined;
}

/** Shape of the result, or undefined where native loops do not cover it. Shapes that do not fit throw tfjs' own error. */
function nativeBroadcast(a: TensorInfo, b: TensorInfo): number[] | undefined {
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return areFloat32(a, b) && shape.length <= maxRank ? shape : undefined;
}

function compare(
  backend: BitwrightBackend,
  operation: CompareOp,
  a: TensorInfo,
  b: TensorInfo,
): TensorInfo | undefined {
  const shape = nativeBroadcast(a, b);
  if (shape === undefined) return undefined;
  const { info, values } = backend.output(shape, 'bool');
  compareF32(backend.native, operation, a.shape, backend.values(a), b.shape, backend.values(b), values);
  return info;
}
