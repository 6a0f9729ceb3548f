import { InvalidArgumentError, type Observer } from '@bitwright/core';
import { type CalibrateOptions, calibrate, calibrateExtremes, needsOnlyExtremes } from './calibrate';
import { type CalibrationState, makeState, type SampleRange, stateObservers } from './calibration-state';
import type { SampleSource } from './feeds';
import { planHash, type QuantizationPlan } from './plan';
import type { OnProgress } from './progress';
import type { AnyRangeSelector } from './range-selectors';
import type { Runtime } from './session';

const samplesPerCheckpoint = 512;

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
  /** Batches between checkpoints. Default: as many as hold 512 samples. */
  readonly checkpointEvery?: number;
  /** Faster loops for what observers count, and for the model itself ({@link CalibrateOptions}). */
  readonly backend?: CalibrateOptions['backend'];
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
  const { selector, batchSize, resume, start = 0, checkpoint } = options;
  const checkpointEvery = options.checkpointEvery ?? Math.max(1, Math.round(samplesPerCheckpoint / batchSize));
  const identity = await stateIdentity(plan, selector, batchSize);
  if (resume !== undefined) assertIdentity(resume, identity);
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

/** What all states of one calibration have in common. */
type StateIdentity = Pick<CalibrationState, 'plan' | 'observer' | 'batchSize'>;

async function stateIdentity(
  plan: QuantizationPlan,
  selector: AnyRangeSelector,
  batchSize: number,
): Promise<StateIdentity> {
  const observer = selector.observer.kind;
  return { plan: await planHash(plan, observer, batchSize), observer, batchSize };
}

/**
 * Checks that a state was collected for this plan, range selector and batch size.
 *
 * @throws {InvalidArgumentError} when it was not
 */
export async function assertStateOf(
  state: CalibrationState,
  plan: QuantizationPlan,
  selector: AnyRangeSelector,
  batchSize: number = state.batchSize,
): Promise<void> {
  assertIdentity(state, await stateIdentity(plan, selector, batchSize));
}

function assertIdentity(state: CalibrationState, identity: StateIdentity): void {
  if (state.plan === identity.plan) return;
  throw new InvalidArgumentError({
    operation: '[ptq] calibration state',
    expected: `statistics of this model, target and range selector, in batches of ${identity.batchSize} (plan ${identity.plan.slice(0, 12)}…)`,
    received: `statistics of plan ${state.plan.slice(0, 12)}…, collected by a ${state.observer} observer in batches of ${state.batchSize}`,
    hint: 'Collect them anew with the same options.',
  });
}
