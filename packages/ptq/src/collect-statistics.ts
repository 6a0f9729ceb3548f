import { InvalidArgumentError, type Observer } from '@bitwright/core';
import { calibrate, calibrateExtremes, needsOnlyExtremes } from './calibrate';
import { type CalibrationState, makeState, type SampleRange, stateObservers } from './calibration-state';
import type { SampleSource } from './feeds';
import { planHash, type QuantizationPlan } from './plan';
import type { OnProgress } from './progress';
import type { AnyRangeSelector } from './range-selectors';
import type { Runtime } from './session';

export interface CollectOptions {
  readonly runtime: Runtime;
  /** The samples of this run; for a shard only its own. */
  readonly source: SampleSource;
  readonly selector: AnyRangeSelector;
  readonly batchSize: number;
  /** Samples used at most. */
  readonly limit: number;
  /** Number of the first sample in the whole data set. Default 0. */
  readonly start?: number;
  /** Statistics of the samples before `start` to go on from, after a run was stopped. */
  readonly resume?: CalibrationState | undefined;
  /** Called about every `checkpointEvery` batches with everything seen so far. */
  readonly checkpoint?: ((state: CalibrationState) => Promise<void>) | undefined;
  /** Default 16. */
  readonly checkpointEvery?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Runs the samples through the float model of a plan and collects the statistics its range selector reads.
 *
 * @throws {InvalidArgumentError} when the state to resume belongs to another plan
 * @throws {InputDataError} when there is no sample
 */
export async function collectStatistics(plan: QuantizationPlan, options: CollectOptions): Promise<CalibrationState> {
  const { selector, batchSize, resume, start = 0, checkpoint, checkpointEvery = 16 } = options;
  const identity = {
    plan: await planHash(plan, selector.observer.kind, batchSize),
    observer: selector.observer.kind,
    batchSize,
  };
  if (resume !== undefined && resume.plan !== identity.plan) {
    throw new InvalidArgumentError({
      operation: '[ptq] collectStatistics',
      expected: 'a state of the same model, target, range selector and batch size to resume',
      received: `a state of plan ${resume.plan.slice(0, 12)}… (this one is ${identity.plan.slice(0, 12)}…)`,
      hint: 'Remove the state file to start over.',
    });
  }
  const before = resume === undefined ? undefined : stateObservers(resume, [selector.observer]);
  const stateAfter = (observers: ReadonlyMap<string, Observer<unknown>>, samples: number): CalibrationState => {
    const seen: SampleRange = { start: resume?.samples[0]?.start ?? start, end: start + samples };
    return makeState(identity, [seen], observers);
  };
  const run = needsOnlyExtremes(selector) ? calibrateExtremes : calibrate;
  const result = await run(plan.model, {
    ...options,
    tensors: plan.observed,
    observer: selector.observer,
    before,
    onBatch: async (observers: ReadonlyMap<string, Observer<unknown>>, samples: number, batches: number) => {
      if (checkpoint !== undefined && batches % checkpointEvery === 0) await checkpoint(stateAfter(observers, samples));
    },
  });
  return stateAfter(result.observers, result.samples);
}
