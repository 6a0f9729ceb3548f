import { fakeQuantize } from '../suites/fake-quantize';
import type { KernelSuite } from './kernel-suite';

/** Every suite of `bench kernels`, in the order of the report: one line per file in src/suites/. */
export const kernelSuites: readonly KernelSuite[] = [fakeQuantize];
