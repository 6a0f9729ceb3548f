import type { Runtime } from '@bitwright/ptq';

/** A program or package the command works with. */
export interface Part {
  readonly name: string;
  /** Undefined when it is missing or does not load. */
  readonly version: string | undefined;
  /** Whether the command cannot work without. */
  readonly isNeeded: boolean;
  readonly purpose: string;
  /** Anything else known about it. */
  readonly note?: string | undefined;
  /** Why it is not usable, and the command that changes this. */
  readonly problem?: { readonly reason: string; readonly fix: string } | undefined;
}

/** Oldest Node this package runs on. */
const oldestNode = [20, 19] as const;

export function checkNode(version: string): Part {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  return {
    name: 'node',
    version,
    isNeeded: true,
    purpose: 'runs everything',
    problem: isOld
      ? { reason: `older than ${oldestNode.join('.')}`, fix: 'install Node 22, 24 or newer from https://nodejs.org' }
      : undefined,
  };
}

/** The inference runtime: calibration and every measurement run on it. */
export async function checkRuntime(loadRuntime: () => Promise<Runtime>, platform: string): Promise<Part> {
  const part = { name: 'onnxruntime-node', isNeeded: true, purpose: 'runs models: quantize needs it' };
  try {
    const { name, version, providers } = await loadRuntime();
    return { ...part, name, version, note: providers === undefined ? undefined : `providers: ${providers.join(', ')}` };
  } catch (error) {
    const fix =
      platform === 'darwin-x64'
        ? 'npm install onnxruntime-node@1.23 (newer versions have no library for Intel Macs)'
        : 'npm install onnxruntime-node --ignore-scripts';
    return { ...part, version: undefined, problem: { reason: firstLine(error), fix } };
  }
}

/** The image decoder. */
export async function checkSharp(load: () => Promise<unknown>): Promise<Part> {
  const part = { name: 'sharp', isNeeded: false, purpose: 'decodes images: needed for --data with images' };
  try {
    const loaded = (await load()) as { default?: { versions?: { sharp?: string; vips?: string } } };
    const versions = loaded.default?.versions;
    return {
      ...part,
      version: versions?.sharp ?? 'unknown',
      note: versions?.vips === undefined ? undefined : `libvips ${versions.vips}`,
    };
  } catch (error) {
    const fix = 'npm install sharp --include=optional';
    return { ...part, version: undefined, problem: { reason: firstLine(error), fix } };
  }
}

// — internals —

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
