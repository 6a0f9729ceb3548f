import type { MeasuredPeak } from '@bitwright/kernels-native';
import type { Machine } from '../measure/machine';

/** One case on one instruction set and number of threads. Times in milliseconds per call. */
export interface KernelRow {
  readonly suite: string;
  readonly group: string;
  readonly case: string;
  readonly threads: number;
  readonly isa: string;
  /** Median and fastest call. */
  readonly oursMs: number;
  readonly oursMinMs: number;
  readonly peer: string | null;
  readonly peerMs: number | null;
  readonly peerMinMs: number | null;
  /** Peer's median, less the cost of one empty call of it, over ours: above 1 we are faster. */
  readonly ratio: number | null;
  /** The same of the fastest calls. */
  readonly minRatio: number | null;
  /** 10^9 operations per second (GB/s where the limit is memory), from the fastest call. */
  readonly gops: number;
  /** Share of what this machine was measured to reach, from the fastest call. */
  readonly peakFraction: number;
  /** Fastest call of the same case on one thread; null for one thread, or where it was not run. */
  readonly aloneMs: number | null;
  /** That over the fastest call here: as many threads would be ideal. */
  readonly scaling: number | null;
}

export interface KernelReport {
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  /** Milliseconds of an empty call of the peer by threads; taken off its times before ratios. */
  readonly emptyPeerCallMs: Readonly<Record<string, number>>;
  readonly peaks: readonly MeasuredPeak[];
  readonly rows: readonly KernelRow[];
}
