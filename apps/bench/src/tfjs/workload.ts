import type { TensorFlow } from './tensorflow';

/** A computation that is timed call by call; whatever a call makes, it disposes. */
export interface Workload {
  readonly name: string;
  readonly description: string;
  /** Also measured with `--quick`. */
  readonly isQuick: boolean;
  /** Builds model and data; every call of the result is one step. */
  readonly prepare: (tf: TensorFlow) => () => Promise<void>;
}
