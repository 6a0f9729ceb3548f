import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where this package lies, seen from src/ as well as from dist/. */
export interface PackageRoot {
  readonly folder: string;
  readonly version: string;
}

const packageName = '@bitwright/kernels-native';

/** The nearest folder above this file whose package.json is ours; undefined when a bundler has moved the code elsewhere. */
export function packageRoot(): PackageRoot | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifestPath = join(folder, 'package.json');
    if (existsSync(manifestPath)) {
      const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { name?: string; version?: string };
      if (manifest.name === packageName) return { folder, version: manifest.version ?? '' };
    }
    if (dirname(folder) === folder) return undefined;
  }
}
