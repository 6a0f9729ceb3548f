import { defineConfig } from 'vitest/config';

const conditions = ['@bitwright/source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  root: new URL('../../../..', import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // The TensorFlow.js backend calls what this package tests in C++ alone.
    include: ['packages/kernels-native/{src,test}/**/*.test.ts', 'packages/tfjs-backend/test/*.test.ts'],
    setupFiles: ['packages/kernels-native/test/fuzz/record-calls.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
