/**
 * One contestant in a process of its own, because two copies of TensorFlow.js share global state: answers `{ workload }` by
 * preparing it, and `{ turn }` by steps for that many milliseconds, with the time each took.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import * as util from 'node:util';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Reply, Request } from './contestant';
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

/** Steps back to back, as a training loop runs them. The first finds cold caches and sleeping threads, and is not counted. */
async function runTurn(step: () => Promise<void>, ms: number): Promise<number[]> {
  await step();
  const times: number[] = [];
  const end = performance.now() + ms;
  while (times.length < fewestSteps || performance.now() < end) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return times;
}

const fewestSteps = 2;

function answer(reply: Reply): void {
  process.send?.(reply);
}

const { tf, version } = await load();
let step = async (): Promise<void> => undefined;
process.on('message', async (request: Request) => {
  if ('turn' in request) {
    answer({ times: await runTurn(step, request.turn) });
    return;
  }
  const workload = workloads.find(({ name }) => name === request.workload);
  if (workload !== undefined) step = workload.prepare(tf);
  answer({ isPrepared: workload !== undefined });
});
answer({ version });
