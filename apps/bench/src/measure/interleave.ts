import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Something to be timed; a promise is awaited. */
export type Contestant = () => unknown;

/** Times of one contestant, milliseconds per call. */
export interface Times {
  readonly min: number;
  readonly median: number;
  readonly calls: number;
}

export interface InterleaveOptions {
  /** Seconds of measuring for each contestant. */
  readonly seconds: number;
  /** Milliseconds one contestant runs before the next one does. */
  readonly turn: number;
  /** Milliseconds of silence between turns, in which spinning threads of the one before go to sleep. */
  readonly pause: number;
}

/**
 * Times contestants in turns, so that whatever else the machine does hits them alike.
 *
 * Calls too short for the clock are timed in groups of about 50 µs. The first turn of each warms it up and is not counted.
 */
export async function interleave(contestants: readonly Contestant[], options: InterleaveOptions): Promise<Times[]> {
  const groups: number[] = [];
  for (const contestant of contestants) groups.push(await groupSize(contestant, options.turn));
  const samples: number[][] = contestants.map(() => []);
  const spent = contestants.map(() => 0);
  while (spent.some((ms) => ms < options.seconds * 1000)) {
    for (const [index, contestant] of contestants.entries()) {
      await sleep(options.pause);
      const start = performance.now();
      // The first call of a turn finds cold caches and sleeping threads.
      await contestant();
      do {
        (samples[index] as number[]).push(await timeGroup(contestant, groups[index] as number));
      } while (performance.now() - start < options.turn);
      spent[index] = (spent[index] as number) + performance.now() - start;
    }
  }
  return samples.map(summarize);
}

/** Milliseconds per call, over a group of calls. */
async function timeGroup(contestant: Contestant, calls: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    const result = contestant();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / calls;
}

// — internals —

async function groupSize(contestant: Contestant, warmup: number): Promise<number> {
  const start = performance.now();
  let calls = 0;
  do {
    await contestant();
    calls++;
  } while (performance.now() - start < warmup);
  const each = (performance.now() - start) / calls;
  return Math.max(1, Math.ceil(0.05 / each));
}

/** Smallest, middle and number of samples, milliseconds. */
export function summarize(samples: readonly number[]): Times {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    min: sorted[0] as number,
    median: sorted[Math.floor(sorted.length / 2)] as number,
    calls: sorted.length,
  };
}
