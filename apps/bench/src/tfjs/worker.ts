/**
 * One contestant in a process of its own, because two copies of TensorFlow.js share global state: answers `{ workload }` by
 * preparing it, and `{ step: true }` by one step, with the milliseconds it took.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import * as util from 'node:util';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { TensorFlow } from './tensorflow';
import { workloads } from './workloads';

const [, , engine, threads, peerFolder] = process.argv;

/** tfjs-node 4.22 calls functions that Node 23 removed; this is how its users keep it running. */
function loadPeer(folder: string): TensorFlow {
  const legacy = util as unknown as Record<string, unknown>;
  const module = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  module['isNullOrUndefined'] ??= legacy['isNullOrUndefined'] ?? ((value: unknown) => value == null);
  module['isArray'] ??= Array.isArray;
  return createRequire(join(folder, 'package.json'))('@tensorflow/tfjs-node') as TensorFlow;
}

async function load(): Promise<{ tf: TensorFlow; version: string }> {
  if (engine === 'tfjs-node') {
    const tf = loadPeer(peerFolder ?? '.');
    const versions = (tf as unknown as { version: Record<string, string> }).version;
    return { tf, version: `tfjs-node ${versions['tfjs-node']}` };
  }
  const { isa, threads: used } = await useNativeBackend({
    threads: threads === undefined || threads === '' ? undefined : Number(threads),
  });
  return { tf: { ...core, ...layers }, version: `bitwright (${isa}, ${used} threads), tfjs-core ${core.version_core}` };
}

const { tf, version } = await load();
let step = async (): Promise<void> => undefined;
process.on('message', async (request: { workload?: string }) => {
  if (request.workload === undefined) {
    const start = performance.now();
    await step();
    process.send?.({ ms: performance.now() - start });
    return;
  }
  step = workloads.find(({ name }) => name === request.workload)?.prepare(tf) ?? step;
  process.send?.({ ms: 0 });
});
process.send?.({ version });
