import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Workload } from './workload';

/** What the process holds after some steps. */
export interface MemorySample {
  readonly step: number;
  readonly tensors: number;
  readonly tensorBytes: number;
  /** Blocks of the backend, lent and free. */
  readonly blockBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
}

export interface MemoryOptions {
  readonly steps: number;
  readonly threads: number | undefined;
  readonly onSample: (sample: MemorySample) => void;
}

/** Samples per run. */
const samples = 20;

/** Runs a workload for many steps and samples what the process holds, garbage collected. */
export async function measureMemory(workload: Workload, options: MemoryOptions): Promise<MemorySample[]> {
  await useNativeBackend({ threads: options.threads });
  const step = workload.prepare({ ...core, ...layers });
  const result: MemorySample[] = [];
  const every = Math.max(1, Math.floor(options.steps / samples));
  for (let count = 1; count <= options.steps; count++) {
    await step();
    if (count % every !== 0) continue;
    const sample = sampleMemory(count);
    result.push(sample);
    options.onSample(sample);
  }
  return result;
}

/** Growth of resident memory from a quarter of the run to its end, in bytes per step. */
export function growthPerStep(measured: readonly MemorySample[]): number {
  const early = measured[Math.floor(measured.length / 4)];
  const late = measured.at(-1);
  if (early === undefined || late === undefined || late.step === early.step) return 0;
  return (late.residentBytes - early.residentBytes) / (late.step - early.step);
}

// — internals —

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function sampleMemory(step: number): MemorySample {
  collectGarbage();
  const { numTensors, numBytes, numBytesInBlocks, numBytesFree } = core.memory() as ReturnType<typeof core.memory> & {
    numBytesInBlocks: number;
    numBytesFree: number;
  };
  const { external, rss } = memoryUsage();
  return {
    step,
    tensors: numTensors,
    tensorBytes: numBytes,
    blockBytes: numBytesInBlocks + numBytesFree,
    externalBytes: external,
    residentBytes: rss,
  };
}
