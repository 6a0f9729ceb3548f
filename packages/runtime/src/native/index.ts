export { nativeOperators } from './native-operators';
