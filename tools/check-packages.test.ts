import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkPackage } from './check-packages';
import { checkBin, checkExports, listedNames } from './packages/check-exports';
import { checkManifest, type Manifest, type PackageFolder, readPackages } from './packages/manifest';

/** npm and attw start as processes; a loaded machine needs seconds for each. */
const packTimeout = 120_000;

const trees: string[] = [];

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

const goodManifest: Manifest = {
  name: 'sample',
  version: '1.0.0',
  type: 'module',
  license: 'MIT',
  sideEffects: false,
  engines: { node: '>=20' },
  exports: {
    '.': {
      '@bitwright/source': './src/index.ts',
      import: { types: './dist/index.d.ts', default: './dist/index.js' },
      require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
    },
    './package.json': './package.json',
  },
};

const goodFiles: Record<string, string> = {
  'README.md': '# sample\n',
  LICENSE: 'MIT\n',
  'src/index.ts': 'export { one } from "./one";\n',
  'dist/index.js': 'export const one = 1;\n',
  'dist/index.cjs': 'exports.one = 1;\n',
  'dist/index.d.ts': 'export declare const one: number;\n',
  'dist/index.d.cts': 'export declare const one: number;\n',
};

/** A repository with one package; `undefined` removes a file of the good one. */
function sample(manifest: Partial<Manifest> = {}, files: Record<string, string | undefined> = {}): PackageFolder {
  const root = mkdtempSync(join(tmpdir(), 'bitwright-packages-'));
  trees.push(root);
  const all = { ...goodFiles, ...files, 'package.json': JSON.stringify({ ...goodManifest, ...manifest }) };
  for (const [path, text] of Object.entries(all)) {
    if (text === undefined) continue;
    const file = join(root, 'packages/sample', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return readPackages(root)[0] as PackageFolder;
}

describe('checkManifest', () => {
  it('accepts a complete manifest', () => {
    expect(checkManifest(sample())).toEqual([]);
  });

  it('refuses install scripts, written or implied', () => {
    expect(checkManifest(sample({ scripts: { postinstall: 'node fetch.js' } }))).toEqual([
      'scripts.postinstall: published packages have no install script',
    ]);
    expect(checkManifest(sample({}, { 'binding.gyp': '{}' }))).toEqual([
      'binding.gyp without "gypfile": false: npm would invent an install script',
    ]);
    expect(checkManifest(sample({ gypfile: false }, { 'binding.gyp': '{}' }))).toEqual([]);
  });
});

describe('checkExports', () => {
  it('accepts entries whose source and built files agree', async () => {
    expect(await checkExports(sample())).toEqual([]);
  });

  it('asks for a build when there is none', async () => {
    const unbuilt = { 'dist/index.js': undefined, 'dist/index.cjs': undefined };
    const folder = sample({}, { ...unbuilt, 'dist/index.d.ts': undefined, 'dist/index.d.cts': undefined });
    expect(await checkExports(folder)).toEqual(['dist/ is missing. Run: npm run build']);
  });

  it('names files that exports promise and the build did not make', async () => {
    expect(await checkExports(sample({}, { 'dist/index.d.cts': undefined }))).toEqual([
      'exports["."]: ./dist/index.d.cts does not exist',
    ]);
  });

  it('names built entries that exports forget', async () => {
    const extra = { 'dist/more.js': '', 'dist/more.cjs': '', 'dist/more.d.ts': '', 'dist/more.d.cts': '' };
    expect(await checkExports(sample({}, extra))).toEqual(['dist/more.js is built but not in exports']);
  });

  it('compares the public names of source, ESM and CommonJS', async () => {
    expect(await checkExports(sample({}, { 'dist/index.cjs': 'exports.two = 2;\n' }))).toEqual([
      'dist/index.cjs and ./src/index.ts differ: missing [one], not listed [two]. Run: npm run build',
    ]);
    expect(await checkExports(sample({}, { 'src/index.ts': 'export * from "./one";\n' }))).toEqual([
      './src/index.ts: export * hides the public names; list them',
    ]);
  });

  it('wants types inside each condition', async () => {
    const flat = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } };
    const [problem] = await checkExports(sample({ exports: flat }));
    expect(problem).toContain('exports["."]: expected, in this order');
  });
});

describe('checkBin', () => {
  it('wants the file and its shebang', () => {
    expect(checkBin(sample({ bin: { tool: './bin/tool.mjs' } }))).toEqual(['bin.tool: ./bin/tool.mjs does not exist']);
    const folder = sample({ bin: { tool: './bin/tool.mjs' } }, { 'bin/tool.mjs': 'run();\n' });
    expect(checkBin(folder)).toEqual(['bin.tool: ./bin/tool.mjs does not start with #!/usr/bin/env node']);
  });
});

describe('listedNames', () => {
  it('lists values and leaves types out', () => {
    const source =
      'export { a, type B, c as d } from "./x"; export type { E } from "./y"; export const f = 1; export function g() {}';
    expect(listedNames(source)).toEqual(['a', 'd', 'f', 'g']);
  });
});

describe('checkPackage', () => {
  it(
    'passes a sound package through npm pack, publint and attw',
    async () => {
      expect(await checkPackage(sample())).toEqual([]);
    },
    packTimeout,
  );

  it(
    'reports what npm pack, publint and attw find in the tarball',
    async () => {
      const broken = { 'README.md': undefined, 'dist/index.d.cts': 'export default 1;\n' };
      const problems = await checkPackage(sample({ main: './no.cjs' }, broken));
      expect(problems).toContain('packages/sample: tarball: README.md is missing');
      expect(problems.some((line) => line.startsWith('packages/sample: publint FILE_DOES_NOT_EXIST: '))).toBe(true);
      expect(problems.some((line) => line.startsWith('packages/sample: attw: '))).toBe(true);
    },
    packTimeout,
  );
});
