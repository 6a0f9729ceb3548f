import type { NativeBackend } from '@bitwright/kernels-native';
import type { Contestant } from '../measure/interleave';

/** What limits a case: the key of a MeasuredPeak. */
export type Limit = 'f32' | 'i8' | 'b1' | 'copy' | 'read';

/** What a case is prepared with. */
export interface CaseEnvironment {
  readonly native: NativeBackend;
  /** Threads of both contestants. */
  readonly threads: number;
}

/** Both sides of one case, with everything loaded and packed. */
export interface Contest {
  readonly ours: Contestant;
  /** The same work done by somebody else; left out where nobody does it. */
  readonly peer?: Contestant | undefined;
  /** Who that is, when not onnxruntime-node. */
  readonly peerName?: string | undefined;
  readonly close?: (() => Promise<void>) | undefined;
}

/** One operation on one shape. */
export interface KernelCase {
  readonly name: string;
  /** Cases of one group share a geometric mean. */
  readonly group: string;
  /** Operations of one call (a multiply-add is two); bytes where the limit is memory. */
  readonly work: number;
  readonly limit: Limit;
  /** Part of `--quick`. */
  readonly isQuick: boolean;
  prepare(environment: CaseEnvironment): Promise<Contest>;
}

/** One family of kernels; a file in src/suites/ each. */
export interface KernelSuite {
  readonly name: string;
  /** One line for the report: what is compared, and how. */
  readonly description: string;
  readonly cases: readonly KernelCase[];
}
