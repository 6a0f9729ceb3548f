import { defineConfig } from 'vitest/config';
import shared from '../../../../vitest.config.ts';

export default defineConfig({
  ...shared,
  root: '.',
  test: {
    ...shared.test,
    // The TensorFlow.js backend calls what this package tests in C++ alone.
    include: ['packages/kernels-native/{src,test}/**/*.test.ts', 'packages/tfjs-backend/test/*.test.ts'],
    setupFiles: ['packages/kernels-native/test/fuzz/record-calls.ts'],
  },
});
