import { defineConfig, type Options } from 'tsup';

/** The one build every package uses: ESM first, CommonJS beside it, declarations for both. */
export function libraryConfig(entry: Record<string, string>, options: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'neutral',
    dts: true,
    splitting: true,
    sourcemap: true,
    clean: true,
    treeshake: false,
    ...options,
  });
}
