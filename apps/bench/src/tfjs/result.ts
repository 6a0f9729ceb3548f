import type { Times } from '../measure/interleave';
import type { Machine } from '../measure/machine';
import type { EngineName } from './engine-name';

/** One workload on every engine that was there. */
export interface TfjsRow {
  readonly workload: string;
  readonly description: string;
  readonly ms: Readonly<Partial<Record<EngineName, Times>>>;
  /** Peer's median over ours; null without the peer. Above 1 we are faster. */
  readonly ratio: number | null;
  /** The same of the fastest steps. */
  readonly minRatio: number | null;
}

export interface TfjsReport {
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  readonly rows: readonly TfjsRow[];
}
