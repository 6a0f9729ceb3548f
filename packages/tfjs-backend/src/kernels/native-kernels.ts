import { fillKernels } from './elementwise/fill';
import { cast } from './movement/cast';
import { oneHot } from './movement/one-hot';
import { tile } from './movement/tile';
import type { NativeKernel } from './native-kernel';

/** Every kernel that has a native form. */
export const nativeKernels: readonly NativeKernel[] = [...fillKernels, cast, oneHot, tile];
