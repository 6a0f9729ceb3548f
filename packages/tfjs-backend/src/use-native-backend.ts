import { registerBackend, setBackend } from '@tensorflow/tfjs-core';
import { backendName } from './backend-name';
import { nativeKernels } from './kernels/native-kernels';
import { NativeBackend } from './native-backend';
import { registerKernels } from './register-kernels';
import { BufferPool } from './storage/buffer-pool';

export async function useNativeBackend(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  registerKernels(nativeKernels);
  registerBackend(backendName, () => new NativeBackend(undefined, new BufferPool(2 ** 30, () => 48)), 3);
  await setBackend(backendName);
}
