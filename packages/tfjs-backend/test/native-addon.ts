import { tryNativeInfo } from '@bitwright/kernels-native';

const info = tryNativeInfo();
const error = 'error' in info ? info.error : undefined;

/** Whether there is an addon, so that tests of the backend can run. */
export const hasAddon: boolean = error === undefined;

/** Ends the titles of tests that are skipped without an addon: why, and what to do. Empty with one. */
export const skipped: string = error === undefined ? '' : ` (skipped: no native addon. ${error.hint})`;
