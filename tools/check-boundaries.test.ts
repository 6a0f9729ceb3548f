import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkBoundaries } from './check-boundaries';

const trees: string[] = [];

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

/** A repository with the five packages and the given extra files. */
function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'bitwright-boundaries-'));
  trees.push(root);
  const manifests: Record<string, object> = {
    core: { name: '@bitwright/core', exports: { '.': {}, './testing': {} } },
    onnx: { name: '@bitwright/onnx', exports: { '.': {}, './node': {} }, dependencies: { '@bufbuild/protobuf': '2' } },
    export: { name: '@bitwright/export', exports: { '.': {} } },
    ptq: { name: '@bitwright/ptq', exports: { '.': {} }, peerDependencies: { 'onnxruntime-node': '1' } },
    bitwright: { name: 'bitwright', exports: { '.': {} }, optionalDependencies: { 'onnxruntime-node': '1' } },
  };
  for (const [folder, manifest] of Object.entries(manifests)) {
    write(root, `packages/${folder}/package.json`, JSON.stringify(manifest));
    write(root, `packages/${folder}/src/index.ts`, 'export {};\n');
  }
  for (const [path, text] of Object.entries(files)) write(root, path, text);
  return root;
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function violations(files: Record<string, string>): readonly string[] {
  return checkBoundaries(tree(files)).violations;
}

describe('checkBoundaries', () => {
  it('finds nothing wrong with this repository', () => {
    const report = checkBoundaries(resolve(import.meta.dirname, '..'));
    expect(report.violations).toEqual([]);
    expect(report.files).toBeGreaterThan(50);
  });

  it('accepts the arrows of the plan', () => {
    expect(
      violations({
        'packages/ptq/src/session.ts': `import { createRequire } from 'node:module';\nimport('onnxruntime-node');`,
        'packages/ptq/src/a.ts': `import { x } from '@bitwright/core'; import '@bitwright/onnx'; import '@bitwright/export';`,
        'packages/onnx/src/node/files.ts': `import { open } from 'node:fs/promises'; import '../index';`,
        'packages/bitwright/src/a.ts': `import '@bitwright/ptq'; import '@bitwright/onnx/node'; import 'node:fs';`,
        'packages/core/src/a.test.ts': `import 'fast-check'; import 'node:fs'; import './testing/index';`,
        'packages/core/src/testing/index.ts': `export {};`,
      }),
    ).toEqual([]);
  });

  it('names the arrow when core reaches for npm', () => {
    expect(violations({ 'packages/core/src/x.ts': `\nimport * as ort from 'onnxruntime-node';` })).toEqual([
      'packages/core/src/x.ts:2 → onnxruntime-node: only packages/ptq/src/session.ts may know onnxruntime',
    ]);
    expect(violations({ 'packages/core/src/x.ts': `import pc from 'picocolors';` })).toEqual([
      'packages/core/src/x.ts:1 → picocolors: @bitwright/core imports nothing from npm',
    ]);
  });

  it('keeps Node modules out of packages that also run in a browser', () => {
    expect(violations({ 'packages/core/src/x.ts': `import 'node:fs';` })).toEqual([
      'packages/core/src/x.ts:1 → node:fs: @bitwright/core also runs in a browser, so it uses no Node module',
    ]);
    expect(violations({ 'packages/onnx/src/x.ts': `import 'fs/promises';` })).toEqual([
      'packages/onnx/src/x.ts:1 → fs/promises: @bitwright/onnx also runs in a browser, so it uses no Node module outside src/node/',
    ]);
  });

  it('refuses arrows against the direction of the plan', () => {
    expect(violations({ 'packages/core/src/x.ts': `export { y } from '@bitwright/onnx';` })).toEqual([
      'packages/core/src/x.ts:1 → @bitwright/onnx: @bitwright/core may import no other package',
    ]);
    expect(violations({ 'packages/export/src/x.ts': `import type { Y } from '@bitwright/ptq';` })).toEqual([
      'packages/export/src/x.ts:1 → @bitwright/ptq: @bitwright/export may import only @bitwright/core, @bitwright/onnx',
    ]);
    expect(violations({ 'packages/ptq/src/x.test.ts': `import 'bitwright';` })).toEqual([
      'packages/ptq/src/x.test.ts:1 → bitwright: nothing imports bitwright',
    ]);
  });

  it('refuses deep imports across packages, by name or by path', () => {
    expect(violations({ 'packages/ptq/src/x.ts': `import '@bitwright/core/src/qparams';` })).toEqual([
      'packages/ptq/src/x.ts:1 → @bitwright/core/src/qparams: deep import; @bitwright/core exports ., ./testing',
    ]);
    expect(violations({ 'packages/ptq/src/x.ts': `import '../../core/src/index';` })).toEqual([
      'packages/ptq/src/x.ts:1 → packages/core/src/index.ts: leaves its package; import the other package by its name',
    ]);
  });

  it('lets only session.ts know onnxruntime, types and require included', () => {
    const because = 'only packages/ptq/src/session.ts may know onnxruntime';
    expect(
      violations({
        'packages/ptq/src/a.ts': `import type { Tensor } from 'onnxruntime-common';`,
        'packages/ptq/src/b.ts': `type T = import('onnxruntime-web').Tensor;`,
        'packages/bitwright/src/c.ts': `const ort = createRequire(import.meta.url)('onnxruntime-node');`,
        'packages/bitwright/src/d.ts': `import.meta.resolve('onnxruntime-node/package.json');`,
      }),
    ).toEqual([
      `packages/bitwright/src/c.ts:1 → onnxruntime-node: ${because}`,
      `packages/bitwright/src/d.ts:1 → onnxruntime-node/package.json: ${because}`,
      `packages/ptq/src/a.ts:1 → onnxruntime-common: ${because}`,
      `packages/ptq/src/b.ts:1 → onnxruntime-web: ${because}`,
    ]);
  });

  it('refuses npm packages that the package does not declare', () => {
    expect(violations({ 'packages/onnx/src/x.ts': `import 'long';` })).toEqual([
      'packages/onnx/src/x.ts:1 → long: not declared in packages/onnx/package.json',
    ]);
  });

  it('keeps the layers inside core', () => {
    expect(
      violations({
        'packages/core/src/qparams.ts': `export {};`,
        'packages/core/src/scheme.ts': `import './qparams';`,
        'packages/core/src/errors/a.ts': `import type { S } from '../scheme';`,
        'packages/core/src/observer/min-max.ts': `import { chooseQParams } from '../qparams';`,
        'packages/core/src/testing/index.ts': `export {};`,
        'packages/core/src/a.ts': `import './testing/index'; import './b.test';`,
        'packages/core/src/b.test.ts': `export {};`,
      }),
    ).toEqual([
      'packages/core/src/a.ts:1 → packages/core/src/b.test.ts: source never imports tests',
      'packages/core/src/a.ts:1 → packages/core/src/testing/index.ts: nothing imports testing/',
      'packages/core/src/errors/a.ts:1 → packages/core/src/scheme.ts: errors/ imports nothing',
      'packages/core/src/observer/min-max.ts:1 → packages/core/src/qparams.ts: observers collect statistics; only range selectors and chooseQParams decide',
      'packages/core/src/scheme.ts:1 → packages/core/src/qparams.ts: numbers are built in the order dtype → granularity → scheme → range → qparams → quantize',
    ]);
  });

  it('shows import cycles with their path and ignores those the compiler erases', () => {
    expect(
      violations({
        'packages/ptq/src/a.ts': `import './b';`,
        'packages/ptq/src/b.ts': `import { c } from './c';`,
        'packages/ptq/src/c.ts': `export * from './a';`,
        'packages/ptq/src/d.ts': `import type { E } from './e';`,
        'packages/ptq/src/e.ts': `import { d } from './d';`,
      }),
    ).toEqual([
      'packages/ptq/src/a.ts → packages/ptq/src/b.ts → packages/ptq/src/c.ts → packages/ptq/src/a.ts: import cycle',
    ]);
  });

  it('asks for rules when a new package appears', () => {
    expect(violations({ 'packages/novel/package.json': '{"name":"@bitwright/novel"}' })).toEqual([
      'packages/novel: not on the plan. Add its arrows to tools/boundaries/package-rules.ts',
    ]);
  });
});
