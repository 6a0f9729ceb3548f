import { AbortedError } from '@bitwright/core';

/** How far a long operation is. */
export interface Progress {
  readonly phase:
    | 'prepare'
    | 'calibrate'
    | 'search'
    | 'round'
    | 'export'
    | 'verify'
    | 'evaluate'
    | 'compare'
    | 'isolate';
  readonly done: number;
  /** Undefined when the amount of work is not known beforehand. */
  readonly total: number | undefined;
  readonly etaMs: number | undefined;
}

export type OnProgress = (progress: Progress) => void;

/** Reports one phase: `advance` adds to what is done. */
export interface PhaseReporter {
  advance(count: number): void;
}

export function reportPhase(
  phase: Progress['phase'],
  total: number | undefined,
  onProgress: OnProgress | undefined,
): PhaseReporter {
  const start = performance.now();
  let done = 0;
  onProgress?.({ phase, done, total, etaMs: undefined });
  return {
    advance(count) {
      done += count;
      const elapsed = performance.now() - start;
      const etaMs = total === undefined || done === 0 ? undefined : Math.max(0, (elapsed / done) * (total - done));
      onProgress?.({ phase, done, total, etaMs });
    },
  };
}

/** @throws {AbortedError} when the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined, phase: Progress['phase']): void {
  if (signal?.aborted !== true) return;
  throw new AbortedError({
    operation: `[ptq] ${phase}`,
    expected: 'to finish',
    received: 'a request to cancel',
    cause: signal.reason,
  });
}
