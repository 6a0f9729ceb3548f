import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import type { Runtime } from '@bitwright/ptq';

/** What a measured number depends on. */
export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly features: readonly string[];
  readonly memoryBytes: number;
  readonly load: number;
  readonly node: string;
  readonly runtime: string;
  readonly commit: string;
  readonly date: string;
  /** All of it in one sentence. */
  readonly text: string;
}

const interesting = /^(avx2|avx_vnni|avx512f|avx512_vnni|amx_int8|asimddp|i8mm)$/;

export function describeMachine(runtime: Runtime): MachineDescription {
  const cpu = cpus()[0]?.model ?? 'unknown CPU';
  const features = cpuFlags().filter((flag) => interesting.test(flag));
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const description = {
    cpu,
    cores: cpus().length,
    features,
    memoryBytes: totalmem(),
    load: loadavg()[0] ?? 0,
    node: process.version,
    runtime: `${runtime.name} ${runtime.version}`,
    commit,
    date: new Date().toISOString().slice(0, 10),
  };
  const text = `${cpu}, ${description.cores} cores, ${features.join(' ') || 'no listed SIMD features'}; Node ${process.version}, ${description.runtime}; commit ${commit}, ${description.date}; load ${description.load.toFixed(1)}.`;
  return { ...description, text };
}

function cpuFlags(): string[] {
  try {
    const line = readFileSync('/proc/cpuinfo', 'utf8')
      .split('\n')
      .find((l) => /^(flags|Features)/.test(l));
    return line?.split(/\s+/) ?? [];
  } catch {
    return [];
  }
}
