import {
  type BinaryInputs,
  LogicalAnd,
  LogicalNot,
  LogicalOr,
  type NamedAttrMap,
  type UnaryInputs,
  util,
} from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** tf.logicalAnd, logicalOr and logicalNot of bool tensors of one shape: byte loops, in pooled memory. */
export const logicalKernels: readonly NativeKernel[] = [
  logical(LogicalAnd, (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] !== 0 && b[i] !== 0 ? 1 : 0;
  }),
  logical(LogicalOr, (a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] !== 0 || b[i] !== 0 ? 1 : 0;
  }),
  nativeKernel<UnaryInputs, NamedAttrMap>(LogicalNot, 'bool', ({ inputs: { x }, backend }) => {
    if (x.dtype !== 'bool') return undefined;
    const { info, values } = backend.output(x.shape, 'bool');
    const source = backend.values<'bool'>(x);
    for (let i = 0; i < values.length; i++) values[i] = source[i] === 0 ? 1 : 0;
    return info;
  }),
];

// — internals —

function logical(kernelName: string, loop: (a: Uint8Array, b: Uint8Array, out: Uint8Array) => void): NativeKernel {
  return nativeKernel<BinaryInputs, NamedAttrMap>(kernelName, 'bool, equal shapes', ({ inputs: { a, b }, backend }) => {
    if (a.dtype !== 'bool' || b.dtype !== 'bool' || !util.arraysEqual(a.shape, b.shape)) return undefined;
    const { info, values } = backend.output(a.shape, 'bool');
    loop(backend.values<'bool'>(a), backend.values<'bool'>(b), values);
    return info;
  });
}
