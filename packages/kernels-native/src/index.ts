// Loading
export type { ContextOptions } from './create-context';
export {
  loadNativeBackend,
  type NativeBackend,
  type NativeBackendOptions,
  tryLoadNativeBackend,
} from './native-backend';
export { NativeAddonError } from './native-addon-error';
export type { NativeContext } from './native-context';
// Memory
export { alignmentOffset } from './memory/alignment-offset';
// Statistics
export { minMax } from './statistics/min-max';
