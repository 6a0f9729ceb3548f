import { summarize, type Times } from '../measure/interleave';
import { currentCommit, describeMachine } from '../measure/machine';
import { type Contestant, type ContestantOptions, startContestant } from './contestant';
import type { EngineName } from './engine-name';
import type { TfjsReport, TfjsRow } from './result';
import type { Workload } from './workload';

export interface RunOptions extends ContestantOptions {
  /** Seconds of measuring per workload and engine. */
  readonly seconds: number;
  readonly onRow: (row: TfjsRow) => void;
}

/** Steps of every engine in turns, engine by engine, so that whatever else the machine does hits them alike. */
export async function runWorkloads(chosen: readonly Workload[], options: RunOptions): Promise<TfjsReport> {
  const machine = describeMachine();
  const names: EngineName[] = options.peerFolder === undefined ? ['bitwright'] : ['bitwright', 'tfjs-node'];
  const contestants = await Promise.all(names.map((name) => startContestant(name, options)));
  const rows: TfjsRow[] = [];
  try {
    for (const { name, description } of chosen) {
      const times = await contest(contestants, name, options.seconds);
      const [ours, peer] = times;
      const ratio = (field: 'median' | 'min'): number | null =>
        ours === undefined || peer === undefined ? null : peer[field] / ours[field];
      const ms = Object.fromEntries(names.map((engine, index) => [engine, times[index]]));
      const row = { workload: name, description, ms, ratio: ratio('median'), minRatio: ratio('min') };
      rows.push(row);
      options.onRow(row);
    }
  } finally {
    for (const contestant of contestants) contestant.close();
  }
  const versions = {
    node: process.version,
    ...Object.fromEntries(contestants.map(({ name, version }) => [name, version])),
  };
  return { machine, versions, commit: currentCommit(), rows };
}

// — internals —

/** Steps before measuring: the first ones compile, allocate and fill caches. */
const warmups = 3;

async function contest(contestants: readonly Contestant[], workload: string, seconds: number): Promise<Times[]> {
  const samples: number[][] = contestants.map(() => []);
  for (const contestant of contestants) {
    await contestant.prepare(workload);
    for (let i = 0; i < warmups; i++) await contestant.step();
  }
  const spent = (index: number): number => (samples[index] ?? []).reduce((sum, ms) => sum + ms, 0);
  while (contestants.some((_, index) => spent(index) < seconds * 1000)) {
    for (const [index, contestant] of contestants.entries()) {
      // The first step after the other engine's turn finds its caches gone, on both sides alike.
      for (let i = 0; i < 2; i++) samples[index]?.push(await contestant.step());
    }
  }
  return samples.map(summarize);
}
