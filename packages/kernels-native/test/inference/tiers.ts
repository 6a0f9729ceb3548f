import { loadNativeBackend, type NativeBackend } from '@bitwright/kernels-native';

const isas = loadNativeBackend().addon.tiers();

/** A backend of two threads on every instruction set of this machine, and one of one thread, as rows for `describe.each`. */
export const tiers: readonly (readonly [name: string, native: NativeBackend])[] = [
  ...isas.map((isa) => [`${isa}, two threads`, loadNativeBackend({ isa, threads: 2 })] as const),
  [`${isas.at(-1)}, one thread`, loadNativeBackend({ threads: 1 })],
];
