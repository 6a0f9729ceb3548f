import type { ContextHandle, NativeAddon, Status } from './binding';
import { NativeAddonError } from './native-addon-error';

/**
 * What every native call takes first: which kernels and which threads. A {@link NativeBackend} is one.
 *
 * Calls of one context may overlap (asynchronous forms): the first gets the thread pool, the others run on one thread.
 */
export interface NativeContext {
  /** Instruction set of the kernels: `scalar`, `avx2`, `avxvnni`, `avx512vnni`, `neon` or `neondot`. */
  readonly isa: string;
  /** Threads a call may use, the calling one included. */
  readonly threads: number;
  /** The raw binding: checks nothing that a caller should be told about. */
  readonly addon: NativeAddon;
  readonly handle: ContextHandle;
}

const reasons: readonly string[] = [
  'success',
  'an argument of the wrong type or value',
  'an array that is shorter than its shape',
  'not enough memory for scratch space',
];

/**
 * Turns a status of the addon into an error. Arguments were checked before the call, so any status but 0 and out of memory
 * is a defect of this package.
 *
 * @throws {NativeAddonError} when the call did not succeed
 */
export function checkStatus(operation: string, status: Status): void {
  if (status === 0) return;
  throw new NativeAddonError({
    operation: `[kernels-native] ${operation}`,
    expected: 'the native call to succeed',
    received: reasons[status] ?? `status ${status}`,
  });
}
