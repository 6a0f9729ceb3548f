import { binaryConv } from '../suites/binary-conv';
import { conversion } from '../suites/conversion';
import { fakeQuantize } from '../suites/fake-quantize';
import { floatConv } from '../suites/float-conv';
import { floatGemm } from '../suites/float-gemm';
import { floatTraining } from '../suites/float-training';
import { int8Conv } from '../suites/int8-conv';
import { int8Depthwise } from '../suites/int8-depthwise';
import { int8Gemm } from '../suites/int8-gemm';
import { matmulNBits } from '../suites/matmul-nbits';
import type { KernelSuite } from './kernel-suite';

/** Every suite of `bench kernels`, in the order of the report: one line per file in src/suites/. */
export const kernelSuites: readonly KernelSuite[] = [
  conversion,
  int8Gemm,
  int8Conv,
  int8Depthwise,
  matmulNBits,
  binaryConv,
  fakeQuantize,
  floatGemm,
  floatConv,
  floatTraining,
];
