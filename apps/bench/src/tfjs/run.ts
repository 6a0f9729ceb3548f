import { setTimeout as sleep } from 'node:timers/promises';
import { summarize, type Times } from '../measure/interleave';
import { currentCommit, describeMachine } from '../measure/machine';
import { type Contestant, type ContestantOptions, startContestants } from './contestant';
import type { EngineName } from './engine-name';
import type { TfjsRow, TfjsRun } from './result';
import type { Workload } from './workload';

export interface RunOptions extends ContestantOptions {
  /** Seconds of measuring per workload and engine. */
  readonly seconds: number;
  readonly onRow: (row: TfjsRow) => void;
}

/** Steps of every engine in turns, so that whatever else the machine does hits them alike. */
export async function runWorkloads(chosen: readonly Workload[], options: RunOptions): Promise<void> {
  const { load, date, cpu, processors, memoryGiB, system } = describeMachine();
  const contestants = await startContestants(options);
  const run: TfjsRun = {
    machine: `${cpu}, ${processors} processors, ${memoryGiB} GiB, ${system}; Node ${process.version}`,
    versions: contestants.map(({ version }) => version).join('; '),
    commit: currentCommit(),
    date,
    load,
  };
  try {
    for (const { name: workload, description } of chosen) {
      const ms = await contest(contestants, workload, options.seconds);
      const ratio = (field: 'median' | 'min'): number | null =>
        ms.bitwright === undefined || ms['tfjs-node'] === undefined
          ? null
          : ms['tfjs-node'][field] / ms.bitwright[field];
      options.onRow({ workload, description, ms, ratio: ratio('median'), minRatio: ratio('min'), run });
    }
  } finally {
    for (const contestant of contestants) contestant.close();
  }
}

// — internals —

/** Milliseconds one engine runs before the next one does. */
const turn = 300;

/** Milliseconds of silence before a turn: threads of TensorFlow and PyTorch spin after a step, on cores the next engine needs. */
const pause = 50;

/** Steps before measuring, in milliseconds: the first ones compile, allocate and fill caches. */
const warmup = 1000;

async function contest(
  all: readonly Contestant[],
  workload: string,
  seconds: number,
): Promise<Partial<Record<EngineName, Times>>> {
  const contestants: Contestant[] = [];
  for (const contestant of all) {
    if (!(await contestant.prepare(workload))) continue;
    await contestant.turn(warmup);
    contestants.push(contestant);
  }
  const samples = contestants.map((): number[] => []);
  const end = performance.now() + seconds * 1000 * contestants.length;
  do {
    for (const [index, contestant] of contestants.entries()) {
      await sleep(pause);
      samples[index]?.push(...(await contestant.turn(turn)));
    }
  } while (performance.now() < end);
  return Object.fromEntries(contestants.map(({ name }, index) => [name, summarize(samples[index] ?? [])]));
}
