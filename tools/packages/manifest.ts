import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of a package.json that the checks look at. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly type?: string;
  readonly license?: string;
  readonly main?: string;
  readonly sideEffects?: unknown;
  readonly engines?: { readonly node?: string };
  readonly gypfile?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, ExportTarget>>;
}

/** A path, or conditions that lead to paths. */
export type ExportTarget = string | { readonly [condition: string]: ExportTarget };

/** One publishable package. */
export interface PackageFolder {
  /** `packages/core`. */
  readonly folder: string;
  /** Absolute path. */
  readonly path: string;
  readonly manifest: Manifest;
}

/** The packages below `packages/` that can be published. */
export function readPackages(root: string): PackageFolder[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const path = join(root, 'packages', name);
    const file = join(path, 'package.json');
    if (!existsSync(file)) return [];
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    return manifest.private === true ? [] : [{ folder: `packages/${name}`, path, manifest }];
  });
}

/** Scripts npm would run on somebody else's machine. npm 12 skips them and still exits 0, so nothing may need one. */
const installScripts = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'prepublish'];

/** What is wrong with a manifest, without looking at built files. */
export function checkManifest({ path, manifest }: PackageFolder): string[] {
  const problems: string[] = [];
  for (const name of installScripts) {
    if (manifest.scripts?.[name] !== undefined)
      problems.push(`scripts.${name}: published packages have no install script`);
  }
  if (existsSync(join(path, 'binding.gyp')) && manifest.gypfile !== false) {
    problems.push('binding.gyp without "gypfile": false: npm would invent an install script');
  }
  if (manifest.type !== 'module') problems.push('type: expected "module"');
  if (manifest.sideEffects !== false) problems.push('sideEffects: expected false');
  if (manifest.license === undefined) problems.push('license: missing');
  if (manifest.engines?.node === undefined) problems.push('engines.node: missing');
  if (manifest.exports?.['./package.json'] !== './package.json') problems.push('exports: "./package.json" is missing');
  return problems;
}
