// Conformance suites; pass them `{ describe, it }` of your test runner.
export { describeKernelBackend, type KernelBackendSuiteOptions } from './describe-kernel-backend';
export { describeObserver, type ObserverSuiteOptions } from './describe-observer';
export { describeRangeSelector, type RangeSelectorSuiteOptions } from './describe-range-selector';
// Seeded test data
export {
  distributions,
  type RandomSource,
  randomData,
  randomInteger,
  randomNormal,
  randomSource,
  randomTensor,
} from './random-tensor';
export { type Checks, checksOf, type Skip, type TestApi, type TestFunction } from './test-api';
