import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import { Command } from 'commander';
import { readImages, sliceOf } from './cifar10';
import { qatMarkdown } from './markdown';
import { registerBenchLayers } from './resnet20';
import { type QatRow, qatRows } from './rows';
import { type RowResult, runRow } from './run-row';
import { measureStepTimes } from './step-time';
import { qatTrials } from './trials';

interface Flags {
  readonly only: string;
  readonly data: string;
  readonly model: string;
  readonly threads: string;
  readonly epochs?: string;
  readonly images: string;
  readonly minutes: string;
  readonly state?: string;
  readonly json?: string;
  readonly seed: string;
  readonly rate?: string;
  readonly distillation?: string;
  readonly again?: boolean;
  readonly validate?: boolean;
  readonly stepTime?: string | true;
  readonly export: boolean;
}

/** Training images that `--validate` keeps for measuring. */
const heldOut = 5000;

/** What a run of the suite leaves; plain JSON. */
export interface QatReport {
  readonly setting: {
    readonly model: string;
    readonly trainingImages: number;
    readonly testImages: number;
    /** Measured on training images held out of training, not on the test images. */
    readonly isValidation?: boolean;
    readonly augmentation: string;
    readonly optimizer: string;
    readonly seed: number;
  };
  readonly rows: readonly RowResult[];
}

/** `bench qat`: trains ResNet-20 on CIFAR-10 with each quantizer; goes on where it stopped. */
export function qatCommand(): Command {
  const shared = process.env['BITWRIGHT_SHARED'] ?? join(import.meta.dirname, '../../../../../shared');
  return new Command('qat')
    .description(
      'quantization-aware training of ResNet-20 on CIFAR-10, row by row; finished rows are kept, others resumed',
    )
    .option('--only <ids>', 'rows whose id contains one of these words, comma-separated', '')
    .option('--data <folder>', 'CIFAR-10 as raw bytes', join(shared, 'data/cifar10'))
    .option('--model <file>', 'float ResNet-20', join(shared, 'data/models/resnet20_cifar10.onnx'))
    .option('--threads <number>', 'threads of the backend', '2')
    .option('--epochs <number>', "epochs instead of the row's own (results are then kept under another id)")
    .option('--rate <number>', "peak learning rate instead of the row's own")
    .option('--distillation <number>', "weight of the float model's answers in the loss instead of the row's own")
    .option('--images <number>', 'training images', '25000')
    .option('--minutes <number>', 'stop after so many minutes; the running row is resumed at its last epoch', '1000000')
    .option(
      '--state <folder>',
      'where unfinished rows are kept (default results/qat-state or, with --validate, results/qat-state/validation)',
    )
    .option(
      '--json <file>',
      'results, read and rewritten; the report goes beside it as .md (default results/qat.json or qat-validation.json)',
    )
    .option('--seed <number>', 'seed of order and augmentation', '1')
    .option('--again', 'measure finished rows once more (their state is kept, so they are not trained anew)')
    .option(
      '--validate',
      `choose schedules without the test images: train on all but the last ${heldOut} training images, measure on those; also runs the trials of trials.ts`,
    )
    .option('--no-export', 'leave the check with onnxruntime for a later run with --again')
    .option(
      '--step-time [seconds]',
      'only time float and W4A4 LSQ steps in turns, LSQ with every way to fold batch normalization (default 10 seconds each)',
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const deadline = Date.now() + Number(flags.minutes) * 60_000;
  const threads = Number(flags.threads);
  if (flags.stepTime !== undefined) {
    const seconds = flags.stepTime === true ? 10 : Number(flags.stepTime);
    const times = await measureStepTimes(threads, seconds, 'results/qat-step-time.json');
    process.stdout.write(`${JSON.stringify(times, null, 2)}\n`);
    return;
  }
  await useNativeBackend({ threads });
  registerBenchLayers();
  const isValidation = flags.validate === true;
  if (isValidation && !(Number(flags.images) > heldOut)) {
    throw new Error(
      `--validate keeps ${heldOut} training images for measuring: expected more --images, received ${flags.images}`,
    );
  }
  const images = readImages(flags.data, 'train', Number(flags.images));
  const { train, test } = isValidation
    ? { train: sliceOf(images, 0, images.count - heldOut), test: sliceOf(images, images.count - heldOut, heldOut) }
    : { train: images, test: readImages(flags.data, 'test', 10_000) };
  const json = flags.json ?? (isValidation ? 'results/qat-validation.json' : 'results/qat.json');
  const words = flags.only.split(',');
  const rows = isValidation ? [...qatRows, ...qatTrials] : qatRows;
  const ids = new Set(rows.map(({ id }) => id));
  const seed = Number(flags.seed);
  let report: QatReport = {
    setting: settingOf(train.count, test.count, isValidation, seed),
    rows: existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as QatReport).rows : [],
  };
  for (const planned of rows) {
    const row = withFlags(planned, flags);
    const isDone = report.rows.some(({ id }) => id === row.id);
    const isWanted = words.some((word) => (ids.has(word) ? planned.id === word : planned.id.includes(word)));
    if (!isWanted || (isDone && flags.again !== true)) continue;
    if (Date.now() >= deadline) break;
    const result = await runRow(row, {
      onnx: readFileSync(flags.model),
      train,
      test,
      stateFolder: flags.state ?? (isValidation ? 'results/qat-state/validation' : 'results/qat-state'),
      threads,
      checksExport: flags.export && !isValidation,
      previous: report.rows.find(({ id }) => id === row.id),
      seed,
      deadline,
      log: (text) => process.stderr.write(text),
    });
    if (result === undefined) {
      process.stderr.write(`\n${row.id}: stopped; run the same command again to go on\n`);
      continue;
    }
    report = { ...report, rows: [...report.rows.filter(({ id }) => id !== row.id), result] };
    mkdirSync(dirname(json), { recursive: true });
    writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(json.replace(/\.json$/, '.md'), qatMarkdown(report));
  }
}

/** The row with another schedule where flags say so; another number of epochs makes another row. */
function withFlags(row: QatRow, { epochs, rate, distillation }: Flags): QatRow {
  return {
    ...row,
    ...(epochs === undefined ? {} : { id: `${row.id}-${epochs}epochs` }),
    schedule: {
      ...row.schedule,
      ...(epochs === undefined ? {} : { epochs: Number(epochs) }),
      ...(rate === undefined ? {} : { learningRate: Number(rate) }),
      ...(distillation === undefined ? {} : { distillation: Number(distillation) }),
    },
  };
}

function settingOf(
  trainingImages: number,
  testImages: number,
  isValidation: boolean,
  seed: number,
): QatReport['setting'] {
  return {
    model: 'ResNet-20, CIFAR-10, float weights of resnet20_cifar10.onnx (91.73 %)',
    trainingImages,
    testImages,
    ...(isValidation ? { isValidation } : {}),
    augmentation: 'mirrored with probability ½, moved by up to 4 pixels over black, seeded',
    optimizer: 'SGD, momentum 0.9, cosine to 1 % of the peak, no weight decay',
    seed,
  };
}
