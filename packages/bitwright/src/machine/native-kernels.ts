import { tryNativeInfo } from '@bitwright/kernels-native';

/** The native kernels of this machine, or why there are none. */
export type NativeKernels =
  | {
      readonly isa: string;
      readonly isas: readonly string[];
      readonly threads: number;
      readonly source: string;
      /** Instruction set by operation. */
      readonly operations: Readonly<Record<string, string>>;
    }
  | { readonly problem: string };

export function readNativeKernels(): NativeKernels {
  const found = tryNativeInfo();
  if ('error' in found) return { problem: found.error.message };
  const { isa, isas, threads, source, operations } = found.info;
  return { isa, isas, threads, source, operations };
}
