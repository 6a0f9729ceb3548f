import { loadNativeBackend, type NativeBackend } from '../../src/index';
import { nativeBackends } from '../native-contexts';

const { backends, skipped: titleEnd } = nativeBackends(2);
const fastest = backends.at(-1);

/**
 * A backend of two threads on every instruction set of this machine, and one of one thread, as rows for `describe.each`; none
 * where there is no addon.
 */
export const tiers: readonly (readonly [name: string, native: NativeBackend])[] = [
  ...backends.map((native) => [`${native.isa}, two threads`, native] as const),
  ...(fastest === undefined ? [] : [[`${fastest.isa}, one thread`, loadNativeBackend({ threads: 1 })] as const]),
];

/** Ends the titles of tests that are skipped where there is no addon. */
export const skipped: string = titleEnd;
