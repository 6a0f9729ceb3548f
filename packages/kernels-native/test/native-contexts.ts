import { existsSync } from 'node:fs';
import { loadNativeBackend, type NativeBackend, tryLoadNativeBackend } from '../src/index';

export interface NativeBackends {
  /** One backend per instruction set of this machine, slow to fast; none without an addon. */
  readonly backends: readonly NativeBackend[];
  /** Ends the titles of tests that are skipped without an addon: why, and what to do. Empty with one. */
  readonly skipped: string;
}

/**
 * The backends that tests run on, or why they are skipped.
 *
 * @throws {NativeAddonError} when the addon is built and does not load: a fault to see, not a reason to skip
 */
export function nativeBackends(threads = 2): NativeBackends {
  const loaded = tryLoadNativeBackend();
  if ('error' in loaded) {
    if (existsSync(localBuild)) throw loaded.error;
    return { backends: [], skipped: ` (skipped: no native addon. ${loaded.error.hint})` };
  }
  const isas = loaded.backend.addon.tiers();
  return { backends: isas.map((isa) => loadNativeBackend({ isa, threads })), skipped: '' };
}

// — internals —

const localBuild = new URL('../build/Release/bitwright_kernels.node', import.meta.url);
