import { cpus } from 'node:os';
import { prepareQat, type Qat } from '@bitwright/qat-plugin';
import { tensor4d } from '@tensorflow/tfjs-core';
import { type ImageSet, imageSize, normalisedBatch } from './cifar10';
import type { ExportCheck } from './export-check';
import { startNetwork, teacherNetwork } from './networks';
import type { QatRow } from './rows';
import { defaultBatchSize } from './schedule';
import { makeOptimizer, predictions, stepsPerEpoch, topOne, trainEpoch } from './trainer';
import { loadState, saveState, type TrainingState } from './training-state';

/** What was measured of one row; plain JSON. */
export interface RowResult {
  readonly id: string;
  readonly weights: number;
  readonly activations: number;
  readonly method: string;
  readonly epochs: number;
  readonly learningRate: number;
  readonly distillation: number;
  readonly temperature?: number;
  readonly batchSize?: number;
  /** The row whose weights were the start. */
  readonly startsFrom?: string;
  /** Percent of the test images right after calibration, before training. */
  readonly calibrated: number;
  /** Percent right after training. */
  readonly topOne: number;
  readonly losses: readonly number[];
  readonly seconds: number;
  readonly millisecondsPerStep: number;
  readonly export?: ExportCheck;
  /** Percent of the exported file when the start is quantized without training at the same bits. */
  readonly levelTwo?: number;
  /** Processor and threads of the training. */
  readonly machine: string;
  readonly finished: string;
}

export interface RowSetting {
  readonly onnx: Uint8Array;
  readonly train: ImageSet;
  readonly test: ImageSet;
  readonly stateFolder: string;
  readonly threads: number;
  /** Whether trained rows are exported and run by onnxruntime. */
  readonly checksExport: boolean;
  readonly seed: number;
  /** The row's result so far: what came before training is taken from it when a finished row is measured again. */
  readonly previous?: RowResult | undefined;
  /** Moment (milliseconds since 1970) after which no epoch goes on. */
  readonly deadline: number;
  log(text: string): void;
}

const calibrationImages = 512;
/** Enough to mark quantizers as calibrated when their trained state replaces everything anyway. */
const fewImages = 8;

/** Trains and measures one row, or goes on with it; undefined when time ran out. */
export async function runRow(row: QatRow, setting: RowSetting): Promise<RowResult | undefined> {
  const { train, test, log } = setting;
  const { schedule } = row;
  const machine = `${cpus()[0]?.model.trim()}, ${setting.threads} threads`;
  const teacher = teacherNetwork(setting);
  const network = await startNetwork(row, setting);
  const qat = row.options === undefined ? undefined : prepareQat(network, row.options());
  const model = qat?.model ?? network;
  const optimizer = makeOptimizer(schedule);
  const saved = await loadState(setting.stateFolder, row.id, model, optimizer);
  const isDone = saved?.epoch === schedule.epochs && setting.previous !== undefined;
  if (qat !== undefined) await calibrate(qat, train, isDone ? fewImages : calibrationImages);
  const calibrated = isDone
    ? setting.previous.calibrated
    : (saved?.calibrated ?? topOne(predictions(model, test), test));
  log(`${row.id}: ${calibrated.toFixed(2)} after calibration\n`);
  let state: TrainingState = saved ?? { epoch: 0, losses: [], seconds: 0 };
  if (saved !== undefined) await loadState(setting.stateFolder, row.id, model, optimizer);
  for (let epoch = state.epoch; epoch < schedule.epochs; epoch++) {
    const start = Date.now();
    const loss = trainEpoch(
      {
        schedule,
        model,
        qat,
        teacher,
        images: train,
        seed: setting.seed,
        optimizer,
        onStep(step, count, value) {
          if (step % 20 === 0) {
            const each = (Date.now() - start) / (step + 1);
            log(
              `\r${row.id}: epoch ${epoch + 1}/${schedule.epochs}, step ${step}/${count}, loss ${value.toFixed(3)}, ${each.toFixed(0)} ms a step   `,
            );
          }
          return Date.now() < setting.deadline && Number.isFinite(value);
        },
      },
      epoch,
    );
    if (loss === undefined) return undefined;
    const seconds = state.seconds + (Date.now() - start) / 1000;
    state = {
      epoch: epoch + 1,
      steps: (epoch + 1) * stepsPerEpoch(schedule, train.count),
      calibrated,
      losses: [...state.losses, loss],
      seconds,
      machine,
    };
    await saveState(setting.stateFolder, row.id, model, optimizer, state, state.epoch === schedule.epochs);
    log(`\n${row.id}: epoch ${epoch + 1} loss ${loss.toFixed(4)}\n`);
  }
  qat?.step(1, { freezeObserversAt: 0.8 });
  const classes = predictions(model, test);
  const check =
    qat !== undefined && setting.checksExport
      ? await (await import('./export-check')).checkExport(qat, test, classes, setting.threads)
      : undefined;
  const postTraining =
    row.measuresLevelTwo === true && setting.checksExport
      ? await (await import('./level-two')).measureLevelTwo(network, `w${row.weights}a${row.activations}`, train, test)
      : undefined;
  const stepCount = schedule.epochs * stepsPerEpoch(schedule, train.count);
  const result: RowResult = {
    id: row.id,
    weights: row.weights,
    activations: row.activations,
    method: row.method,
    epochs: schedule.epochs,
    learningRate: schedule.learningRate,
    distillation: schedule.distillation,
    ...(schedule.temperature === undefined ? {} : { temperature: schedule.temperature }),
    batchSize: schedule.batchSize ?? defaultBatchSize,
    ...(row.startsFrom === undefined ? {} : { startsFrom: row.startsFrom }),
    calibrated,
    topOne: topOne(classes, test),
    losses: state.losses,
    seconds: state.seconds,
    millisecondsPerStep: (1000 * state.seconds) / stepCount,
    ...(check === undefined ? {} : { export: check }),
    ...(postTraining === undefined ? {} : { levelTwo: postTraining }),
    machine: state.machine ?? machine,
    finished: new Date().toISOString(),
  };
  optimizer.dispose();
  model.dispose();
  if (model !== network) network.dispose();
  teacher.dispose();
  log(
    `${row.id}: ${result.topOne.toFixed(2)} after training${check === undefined ? '' : `, exported ${check.topOne.toFixed(2)}, ${check.agreement.toFixed(2)} % equal predictions`}\n`,
  );
  return result;
}

async function calibrate(qat: Qat, images: ImageSet, count: number): Promise<void> {
  const samples = tensor4d(normalisedBatch(images, 0, count), [count, imageSize, imageSize, 3]);
  await qat.calibrate(samples, { batchSize: 128 });
  samples.dispose();
}
