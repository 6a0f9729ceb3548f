import { execFileSync } from 'node:child_process';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** Where and with what a measurement was made. */
export interface Machine {
  readonly cpu: string;
  /** Logical processors. */
  readonly processors: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Processes waiting to run over the last minute, at the start: above the number of cores, others were measured too. */
  readonly load: number;
  readonly date: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    date: new Date().toISOString().slice(0, 16),
  };
}

/** Short hash of the commit, with `+` when files other than results differ from it; `unknown` outside of a repository. */
export function currentCommit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const sources = [':(top)', ':(top,exclude)apps/bench/results'];
    const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', ...sources) !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown';
  }
}
