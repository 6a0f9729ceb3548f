import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../bitwright-backend';

/** What tfjs hands to a kernel. Its types call every input optional; those that an operation needs are always there. */
export interface KernelCall<
  Inputs extends NamedTensorInfoMap = Record<string, TensorInfo>,
  Attrs extends object = NamedAttrMap,
> {
  readonly inputs: { readonly [Name in keyof Inputs]: NonNullable<Inputs[Name]> };
  readonly attrs: Attrs;
  readonly backend: BitwrightBackend;
}

/**
 * One tfjs kernel on native code.
 *
 * `run` returns `undefined` for a case it does not cover, before it has done anything; the kernel of tfjs' cpu backend then runs
 * on the same storage. `covers` says in words which cases are native, and is what `kernelSupport()` and `bitwright doctor` print.
 */
export interface NativeKernel {
  /** Name in tfjs' kernel registry. */
  readonly kernelName: string;
  readonly covers: string;
  readonly run: (call: KernelCall) => TensorInfo | TensorInfo[] | undefined;
}

/** Types one kernel's inputs and attributes, which the registry of tfjs knows only as maps. */
export function nativeKernel<Inputs extends NamedTensorInfoMap, Attrs extends object>(
  kernelName: string,
  covers: string,
  run: (call: KernelCall<Inputs, Attrs>) => TensorInfo | TensorInfo[] | undefined,
): NativeKernel {
  return { kernelName, covers, run: run as NativeKernel['run'] };
}
