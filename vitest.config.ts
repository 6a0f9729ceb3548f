import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@bitwright/source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['@bitwright/source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['{packages,apps}/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'tools/**/*.test.ts'],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
