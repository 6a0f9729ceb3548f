import { type KernelBackend, QuantError, referenceBackend } from '@bitwright/core';
import { type ContextOptions, createContext } from './create-context';
import { loadAddon } from './loader/load-addon';
import type { NativeAddonError } from './native-addon-error';
import type { NativeContext } from './native-context';
import { minMax } from './statistics/min-max';

/** Core's kernels on this CPU's instruction sets, and the context for all low-level calls of this package. */
export interface NativeBackend extends KernelBackend, NativeContext {}

export interface NativeBackendOptions extends ContextOptions {
  /** File of the addon; default: the local build, then the package for this platform. */
  readonly path?: string | undefined;
}

/**
 * Loads the addon and makes a backend on it. Backends share nothing: each has its own threads, which end with it.
 *
 * @throws {NativeAddonError} when there is no addon for this machine; the message says what to do
 * @throws {InvalidArgumentError} when this machine lacks the instruction set, or threads is no integer within [1, 1024]
 */
export function loadNativeBackend(options: NativeBackendOptions = {}): NativeBackend {
  const context = createContext(loadAddon(options.path), options);
  return Object.freeze({
    ...referenceBackend,
    ...context,
    name: 'native',
    minMax: (x, granularity, out) => minMax(context, x, granularity, out),
  } satisfies NativeBackend);
}

/** The same, with a missing addon as a value: falling back to the reference stays visible in the caller's code. */
export function tryLoadNativeBackend(
  options: NativeBackendOptions = {},
): { readonly backend: NativeBackend } | { readonly error: NativeAddonError } {
  try {
    return { backend: loadNativeBackend(options) };
  } catch (error) {
    if (QuantError.isInstance(error) && error.code === 'ERR_NATIVE_ADDON') return { error };
    throw error;
  }
}
