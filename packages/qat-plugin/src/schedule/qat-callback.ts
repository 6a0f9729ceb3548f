import { type QuantError, RuntimeError } from '@bitwright/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { Callback, type Logs } from '@tensorflow/tfjs-layers';
import type { Qat } from '../qat';
import { historyEntry } from '../report/training-history';
import { type LearningRate, setLearningRate } from './learning-rate';
import { type ProgressLine, progressLine } from './progress-line';
import type { ScheduleOptions } from './progress-schedule';

export interface CallbackOptions extends ScheduleOptions {
  /** Sets the optimizer's rate before every batch, e.g. `learningRate({ peak: 0.01, warmUp: 0.05 })`. */
  readonly learningRate?: LearningRate;
  /** Batches between entries of the history; 0 for none. Default 50. */
  readonly historyEvery?: number;
  /** Receives a progress line with the time left, e.g. `(text) => process.stderr.write(text)`. Only for terminals. */
  readonly write?: (text: string) => void;
  /** Batches per epoch and epochs, where model.fit does not know them (fitDataset without a size). */
  readonly batchesPerEpoch?: number;
}

type UnresolvedLogs = Record<string, number | Tensor>;

/** Drives the schedules of a {@link Qat} from model.fit. */
export class QatCallback extends Callback {
  private readonly qat: Qat;
  private readonly options: CallbackOptions;
  private epoch = 0;
  private batch = 0;
  private line: ProgressLine | undefined;

  constructor(qat: Qat, options: CallbackOptions) {
    super();
    this.qat = qat;
    this.options = options;
  }

  override async onTrainBegin(_logs?: Logs): Promise<void> {
    this.qat.assertCalibrated();
    this.line = this.options.write === undefined ? undefined : progressLine(this.options.write);
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.epoch = epoch;
    this.batch = 0;
  }

  override async onBatchBegin(batch: number): Promise<void> {
    this.batch = batch;
    const progress = this.progress();
    this.qat.step(progress, this.options);
    if (this.options.learningRate !== undefined) {
      setLearningRate(this.model.optimizer, this.options.learningRate(progress));
    }
  }

  override async onBatchEnd(batch: number, logs?: UnresolvedLogs): Promise<void> {
    const numbers = await resolve(logs ?? {});
    assertFinite(numbers, this.epoch, batch);
    const every = this.options.historyEvery ?? 50;
    if (every > 0 && batch % every === 0) {
      this.qat.recordHistory(historyEntry(this.qat.model, this.progress(), numbers));
    }
    this.line?.update(this.progress(), numbers);
  }

  override async onTrainEnd(_logs?: Logs): Promise<void> {
    this.qat.step(1, this.options);
    this.line?.finish();
  }

  /** Fraction of batches done, below 1 before the end; epochs alone where the number of batches is unknown. */
  private progress(): number {
    const { epochs, samples, batchSize, steps } = this.params as Record<string, number | undefined>;
    const fromSamples = samples !== undefined && batchSize !== undefined ? Math.ceil(samples / batchSize) : undefined;
    const batches = this.options.batchesPerEpoch ?? fromSamples ?? steps;
    const withinEpoch =
      batches === undefined || !(batches > 0) ? 0 : Math.max(0, Math.min(this.batch, batches - 1)) / batches;
    return Math.min((this.epoch + withinEpoch) / Math.max(epochs ?? 1, 1), 1);
  }
}

async function resolve(logs: UnresolvedLogs): Promise<Record<string, number>> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(logs)) {
    if (name === 'batch' || name === 'size') continue;
    numbers[name] = typeof value === 'number' ? value : ((await value.data<'float32'>())[0] as number);
  }
  return numbers;
}

function assertFinite(logs: Readonly<Record<string, number>>, epoch: number, batch: number): void {
  const { loss } = logs;
  if (loss === undefined || Number.isFinite(loss)) return;
  const error: QuantError = new RuntimeError({
    operation: `[qat-plugin] training, epoch ${epoch}, batch ${batch}`,
    expected: 'a finite loss',
    received: String(loss),
    hint: 'Lower the learning rate or warm it up (learningRate({ peak, warmUp: 0.05 })); start from a trained, calibrated model; check the inputs for NaN.',
  });
  throw error;
}
