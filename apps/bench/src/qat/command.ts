import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import { Command } from 'commander';
import { readImages } from './cifar10';
import { qatMarkdown } from './markdown';
import { registerBenchLayers } from './resnet20';
import { type QatRow, qatRows } from './rows';
import { type RowResult, runRow } from './run-row';
import { measureStepTimes } from './step-time';

interface Flags {
  readonly only: string;
  readonly data: string;
  readonly model: string;
  readonly threads: string;
  readonly epochs?: string;
  readonly images: string;
  readonly minutes: string;
  readonly state: string;
  readonly json: string;
  readonly seed: string;
  readonly rate?: string;
  readonly distillation?: string;
  readonly again?: boolean;
  readonly stepTime?: string | true;
  readonly export: boolean;
}

/** What a run of the suite leaves; plain JSON. */
export interface QatReport {
  readonly setting: {
    readonly model: string;
    readonly trainingImages: number;
    readonly testImages: number;
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
    .option('--state <folder>', 'where unfinished rows are kept', 'results/qat-state')
    .option('--json <file>', 'results, read and rewritten; the report goes beside it as .md', 'results/qat.json')
    .option('--seed <number>', 'seed of order and augmentation', '1')
    .option('--again', 'measure finished rows once more (their state is kept, so they are not trained anew)')
    .option('--no-export', 'leave the check with onnxruntime for a later run with --again')
    .option('--step-time [steps]', 'only time a float and a W4A4 LSQ step in turns (default 12 each)')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const deadline = Date.now() + Number(flags.minutes) * 60_000;
  const threads = Number(flags.threads);
  if (flags.stepTime !== undefined) {
    const steps = flags.stepTime === true ? 12 : Number(flags.stepTime);
    const times = await measureStepTimes(threads, steps, flags.json.replace(/\.json$/, '-step-time.json'));
    process.stdout.write(`${JSON.stringify(times, null, 2)}\n`);
    return;
  }
  await useNativeBackend({ threads });
  registerBenchLayers();
  const train = readImages(flags.data, 'train', Number(flags.images));
  const test = readImages(flags.data, 'test', 10_000);
  const words = flags.only.split(',');
  const seed = Number(flags.seed);
  let report: QatReport = existsSync(flags.json)
    ? (JSON.parse(readFileSync(flags.json, 'utf8')) as QatReport)
    : emptyReport(train.count, test.count, seed);
  for (const planned of qatRows) {
    const row = withFlags(planned, flags);
    const isDone = report.rows.some(({ id }) => id === row.id);
    const isWanted = words.some((word) => (isRow(word) ? planned.id === word : planned.id.includes(word)));
    if (!isWanted || (isDone && flags.again !== true)) continue;
    if (Date.now() >= deadline) break;
    const result = await runRow(row, {
      onnx: readFileSync(flags.model),
      train,
      test,
      stateFolder: flags.state,
      threads,
      checksExport: flags.export,
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
    mkdirSync(dirname(flags.json), { recursive: true });
    writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(flags.json.replace(/\.json$/, '.md'), qatMarkdown(report));
  }
}

/** A word that is a whole id means that row alone: `w4a4-lsq` is not `w4a4-lsqplus`. */
function isRow(word: string): boolean {
  return qatRows.some(({ id }) => id === word);
}

/** The row with another schedule where flags say so; another number of epochs makes another row. */
function withFlags(row: QatRow, { epochs, rate, distillation }: Flags): QatRow {
  return {
    ...row,
    ...(epochs === undefined ? {} : { epochs: Number(epochs), id: `${row.id}-${epochs}epochs` }),
    ...(rate === undefined ? {} : { learningRate: Number(rate) }),
    ...(distillation === undefined ? {} : { distillation: Number(distillation) }),
  };
}

function emptyReport(trainingImages: number, testImages: number, seed: number): QatReport {
  return {
    setting: {
      model: 'ResNet-20, CIFAR-10, float weights of resnet20_cifar10.onnx (91.73 %)',
      trainingImages,
      testImages,
      augmentation: 'mirrored with probability ½, moved by up to 4 pixels, seeded',
      optimizer: 'SGD, momentum 0.9, batch 128, cosine to 1 % of the peak, no weight decay',
      seed,
    },
    rows: [],
  };
}
