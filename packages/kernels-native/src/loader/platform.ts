import { arch, platform, report } from 'node:process';

/** Platforms with a prebuilt addon, as data: npm/platforms.json makes the packages. */
const builds: readonly string[] = ['linux-x64-gnu', 'linux-arm64-gnu', 'darwin-arm64', 'darwin-x64'];

/** `linux-x64-gnu`, `linux-arm64-musl`, `darwin-arm64`, …: what this process would load. */
export function platformName(): string {
  return platform === 'linux' ? `linux-${arch}-${isGlibc() ? 'gnu' : 'musl'}` : `${platform}-${arch}`;
}

/** Whether prebuilt addons exist for a platform. */
export function hasPrebuilt(name: string): boolean {
  return builds.includes(name);
}

// — internals —

/** Node's report names the version of glibc it runs on; musl has none. Network interfaces, slow to list, are left out. */
function isGlibc(): boolean {
  const source = report as typeof report & { excludeNetwork?: boolean };
  const previous = source.excludeNetwork ?? false;
  source.excludeNetwork = true;
  const { header } = source.getReport() as unknown as { readonly header: { readonly glibcVersionRuntime?: string } };
  source.excludeNetwork = previous;
  return header.glibcVersionRuntime !== undefined;
}
