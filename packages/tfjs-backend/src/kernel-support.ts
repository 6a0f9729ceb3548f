import { getKernelsForBackend } from '@tensorflow/tfjs-core';
import { nativeKernels } from './kernels/native-kernels';

/** Who does the work of each tfjs kernel. */
export interface KernelSupport {
  /** Native kernels, with the cases each covers; other cases run the kernel borrowed from tfjs' cpu backend. */
  readonly native: readonly { readonly kernelName: string; readonly covers: string }[];
  /** Kernels that always run in JavaScript, borrowed from tfjs' cpu backend. */
  readonly borrowed: readonly string[];
}

/** The list that `bitwright doctor` prints. Loads tfjs' cpu backend, which registers itself; changes nothing else. */
export async function kernelSupport(): Promise<KernelSupport> {
  await import('@tensorflow/tfjs-backend-cpu');
  const native = nativeKernels
    .map(({ kernelName, covers }) => ({ kernelName, covers }))
    .sort((a, b) => a.kernelName.localeCompare(b.kernelName));
  const names = new Set(native.map(({ kernelName }) => kernelName));
  const borrowed = getKernelsForBackend('cpu')
    .map(({ kernelName }) => kernelName)
    .filter((name) => !names.has(name))
    .sort();
  return { native, borrowed };
}
