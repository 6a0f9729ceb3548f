import { useNativeBackend } from '@bitwright/tfjs-backend';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Workload } from './workload';

/** One kernel's share of a step. */
export interface KernelShare {
  readonly kernel: string;
  readonly calls: number;
  readonly ms: number;
}

/** Steps before the one that is profiled. */
const warmups = 4;

/** Time per kernel over one step, slowest first. A deferred result counts for the kernel that first reads it. */
export async function profileStep(workload: Workload, threads: number | undefined): Promise<KernelShare[]> {
  await useNativeBackend({ threads });
  const step = workload.prepare({ ...core, ...layers });
  for (let i = 0; i < warmups; i++) await step();
  const { kernels } = await core.profile(async () => {
    await step();
    return core.scalar(0);
  });
  const shares = new Map<string, KernelShare>();
  for (const { name, kernelTimeMs } of kernels) {
    // Operations with gradients of their own appear once more under their name in the API.
    if (name.endsWith('__op')) continue;
    const before = shares.get(name) ?? { kernel: name, calls: 0, ms: 0 };
    shares.set(name, { kernel: name, calls: before.calls + 1, ms: before.ms + Number(kernelTimeMs) });
  }
  return [...shares.values()].sort((a, b) => b.ms - a.ms);
}
