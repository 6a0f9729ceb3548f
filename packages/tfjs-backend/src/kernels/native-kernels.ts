import type { NativeKernel } from './native-kernel';

/** Every kernel that has a native form. */
export const nativeKernels: readonly NativeKernel[] = [];
