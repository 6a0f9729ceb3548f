import { loadNativeBackend, type NativeBackend } from '@bitwright/kernels-native';

/** A backend of one and of two threads on every instruction set of this machine, as rows for `describe.each`. */
export const tiers: readonly (readonly [name: string, native: NativeBackend])[] = loadNativeBackend()
  .addon.tiers()
  .flatMap((isa) =>
    [1, 2].map((threads) => [`${isa}, threads ${threads}`, loadNativeBackend({ isa, threads })] as const),
  );
