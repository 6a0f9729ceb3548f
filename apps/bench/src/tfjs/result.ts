import type { Times } from '../measure/interleave';
import type { EngineName } from './engine-name';

/** One workload on every engine that was there. */
export interface TfjsRow {
  readonly workload: string;
  readonly description: string;
  readonly ms: Readonly<Partial<Record<EngineName, Times>>>;
  /** tfjs-node's median over ours; null without tfjs-node. Above 1 we are faster. */
  readonly ratio: number | null;
  /** The same of the fastest steps. */
  readonly minRatio: number | null;
  readonly run: TfjsRun;
}

/** When and with what a row was measured. */
export interface TfjsRun {
  readonly machine: string;
  readonly versions: string;
  readonly commit: string;
  readonly date: string;
  readonly load: number;
}

export interface TfjsReport {
  readonly rows: readonly TfjsRow[];
}
