export { useNativeBackend } from './use-native-backend';
export { type KernelSupport, kernelSupport } from './kernel-support';
