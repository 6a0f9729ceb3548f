// The backend
export { type NativeBackendInfo, type NativeBackendOptions, useNativeBackend } from './use-native-backend';
export { backendName } from './backend-name';
export { type KernelSupport, kernelSupport } from './kernel-support';
