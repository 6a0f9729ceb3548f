/** What the source of one package may import. Tests are free to use any npm package, but follow `packages` too. */
export interface PackageRule {
  /** Workspace packages, by npm name; `'any'` for the places that join everything. */
  readonly packages: readonly string[] | 'any';
  /** npm packages; `'declared'`: whatever its package.json lists; `'none'`: nothing. */
  readonly npm: 'declared' | 'none';
  /** Files (prefixes below the package folder) that may use Node's own modules; `'any'` or `'none'` for all or no files. */
  readonly node: readonly string[] | 'any' | 'none';
}

/**
 * The arrows of docs/architecture.md, by folder. A package that is not listed here fails the check: a new room is drawn on the
 * plan first.
 */
export const packageRules: Readonly<Record<string, PackageRule>> = {
  'packages/core': { packages: [], npm: 'none', node: 'none' },
  'packages/onnx': { packages: ['@bitwright/core'], npm: 'declared', node: ['src/node/'] },
  'packages/export': { packages: ['@bitwright/core', '@bitwright/onnx'], npm: 'declared', node: 'none' },
  'packages/ptq': {
    packages: ['@bitwright/core', '@bitwright/onnx', '@bitwright/export'],
    npm: 'declared',
    node: ['src/session.ts'],
  },
  'packages/qat-plugin': { packages: ['@bitwright/core'], npm: 'declared', node: ['src/node/'] },
  'packages/kernels-native': { packages: ['@bitwright/core'], npm: 'declared', node: 'any' },
  'packages/tfjs-backend': {
    packages: ['@bitwright/core', '@bitwright/kernels-native'],
    npm: 'declared',
    node: 'any',
  },
  'packages/runtime': {
    packages: ['@bitwright/core', '@bitwright/onnx', '@bitwright/export', '@bitwright/kernels-native'],
    npm: 'declared',
    node: 'none',
  },
  'packages/bitwright': { packages: 'any', npm: 'declared', node: 'any' },
  'apps/bench': { packages: 'any', npm: 'declared', node: 'any' },
};

/** npm packages that only the named files may know; tests and the applications that measure peers (`apps/`) apart. */
export const fencedModules: readonly {
  readonly name: RegExp;
  readonly title: string;
  readonly only: readonly string[];
}[] = [
  {
    name: /^onnxruntime(-|$)/,
    title: 'onnxruntime',
    only: ['packages/ptq/src/session.ts', 'apps/bench/'],
  },
];

/** Workspace packages that nothing may import: they are the ends of all arrows. */
export const endsOfArrows: readonly string[] = ['bitwright', '@bitwright/bench'];
