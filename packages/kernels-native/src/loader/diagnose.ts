import { execArgv, version } from 'node:process';
import { packageRoot } from './package-root';
import { hasPrebuilt, platformName } from './platform';

/** One thing the loader tried, and why it did not work. */
export interface Attempt {
  readonly source: string;
  readonly reason: string;
}

/** The text of a loading error: all attempts, and what the user can do about it. */
export function diagnose(
  attempts: readonly Attempt[],
  isExplicit: boolean,
): { readonly received: string; readonly hint: string } {
  const tried = attempts.map(({ source, reason }) => `${source} (${reason})`).join('; ');
  return { received: `none that loads on Node ${version}. Tried: ${tried}`, hint: `Fix: ${fix(attempts, isExplicit)}` };
}

// — internals —

function fix(attempts: readonly Attempt[], isExplicit: boolean): string {
  const platform = platformName();
  const reasons = attempts.map(({ reason }) => reason).join('\n');
  if (execArgv.includes('--no-addons')) return 'run Node without --no-addons.';
  if (isExplicit) return 'pass the path of an addon built from this version, or leave the option out.';
  if (/it is version/.test(reasons)) return 'reinstall, or rebuild with npm run build, so that both versions agree.';
  if (/GLIBC|CXXABI|invalid ELF|wrong architecture|not a valid/i.test(reasons)) {
    return `the file does not fit this system (${platform}); reinstall on this machine, or build from source with npm run build.`;
  }
  if (packageRoot()?.folder.includes('node_modules') !== true) {
    return 'install CMake and a C++ compiler and run npm run build; until then use the TypeScript reference backend.';
  }
  if (!hasPrebuilt(platform)) {
    return `no addon is published for ${platform}; build the repository from source, or use the TypeScript reference backend.`;
  }
  return `npm install --include=optional @bitwright/kernels-native (it brings @bitwright/kernels-native-${platform}); --omit=optional and lock files written on another platform leave it out.`;
}
