import { loadNativeBackend, type NativeBackend, tryLoadNativeBackend } from '../src/index';

/** One backend per instruction set of this machine, slow to fast; none without an addon (then `reason` says why). */
export function nativeBackends(threads = 2): { readonly backends: readonly NativeBackend[]; readonly reason: string } {
  const loaded = tryLoadNativeBackend();
  if ('error' in loaded) return { backends: [], reason: loaded.error.message };
  const isas = loaded.backend.addon.tiers();
  return { backends: isas.map((isa) => loadNativeBackend({ isa, threads })), reason: '' };
}
