import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectModel, loadRuntime, quantizeModel } from '@bitwright/ptq';
import { type Dependencies, run } from '../src/index';

/** What one command line left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLineOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Whether stderr and stdout claim to be a terminal. */
  readonly isTTY?: boolean;
  readonly dependencies?: Partial<Dependencies>;
}

/** A temporary folder to run commands in. */
export interface Workplace {
  readonly folder: string;
  /** Runs the command in this process. */
  run(args: readonly string[], options?: CommandLineOptions): Promise<Outcome>;
  write(name: string, content: string | Uint8Array): string;
  /** Names of everything in the folder, subfolders included, sorted. */
  files(): string[];
  remove(): void;
}

export function createWorkplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-cli-'));
  return {
    folder,
    async run(args, { env = {}, signal = new AbortController().signal, isTTY = false, dependencies = {} } = {}) {
      const out: string[] = [];
      const err: string[] = [];
      const stream = (chunks: string[]) => ({ write: (text: string) => chunks.push(text), isTTY, columns: 100 });
      const code = await run(args, {
        stdout: stream(out),
        stderr: stream(err),
        env,
        cwd: folder,
        signal,
        dependencies: { quantizeModel, inspectModel, loadRuntime, ...dependencies },
      });
      return { code, stdout: out.join(''), stderr: err.join('') };
    },
    write(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    files: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
