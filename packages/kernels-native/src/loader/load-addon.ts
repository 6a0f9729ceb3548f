import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NativeAddon } from '../binding';
import { NativeAddonError } from '../native-addon-error';
import { type Attempt, diagnose } from './diagnose';
import { packageRoot } from './package-root';
import { platformName } from './platform';

/** The addon and where it came from. */
export interface LoadedAddon {
  readonly addon: NativeAddon;
  /** A file, or the name of the platform package. */
  readonly source: string;
}

/**
 * Loads the addon: an explicit file, else the local build of a checkout (build/Release), else the package for this platform.
 *
 * @throws {NativeAddonError} when none can be loaded; the message lists every attempt and the fix
 */
export function loadAddon(path?: string): LoadedAddon {
  const require = createRequire(import.meta.url);
  const attempts: Attempt[] = [];
  for (const source of candidates(path)) {
    try {
      const addon = require(source) as NativeAddon;
      const mismatch = versionMismatch(addon);
      if (mismatch === undefined) return { addon, source };
      attempts.push({ source, reason: mismatch });
    } catch (error) {
      attempts.push({ source, reason: firstLine(error) });
    }
  }
  const { received, hint } = diagnose(attempts, path !== undefined);
  throw new NativeAddonError({
    operation: '[kernels-native] load',
    expected: `an addon for ${platformName()}`,
    received,
    hint,
  });
}

// — internals —

function candidates(path: string | undefined): string[] {
  if (path !== undefined) return [path];
  const root = packageRoot();
  const isCheckout = root !== undefined && existsSync(join(root.folder, 'CMakeLists.txt'));
  const local = isCheckout ? [join(root.folder, 'build', 'Release', 'bitwright_kernels.node')] : [];
  return [...local, `@bitwright/kernels-native-${platformName()}`];
}

/** A stale build or a platform package of another release would have other functions. */
function versionMismatch(addon: NativeAddon): string | undefined {
  const wanted = packageRoot()?.version ?? addon.version;
  return addon.version === wanted ? undefined : `it is version ${addon.version}, this package is ${wanted}`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? text).slice(0, 300);
}
