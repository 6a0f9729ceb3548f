import { binaryConv } from '../suites/binary-conv';
import { fakeQuantize } from '../suites/fake-quantize';
import { int8Conv } from '../suites/int8-conv';
import { int8Depthwise } from '../suites/int8-depthwise';
import { int8Gemm } from '../suites/int8-gemm';
import { matmulNBits } from '../suites/matmul-nbits';
import type { KernelSuite } from './kernel-suite';

/** Every suite of `bench kernels`, in the order of the report: one line per file in src/suites/. */
export const kernelSuites: readonly KernelSuite[] = [
  int8Gemm,
  int8Conv,
  int8Depthwise,
  matmulNBits,
  binaryConv,
  fakeQuantize,
];
