import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import {
  dtypeFileName,
  formatWeightReport,
  parseWeightDType,
  type SampleInput,
  type WeightDType,
  type WeightReport,
} from '@bitwright/ptq';
import type { CommandInput } from '../command';
import { openSamples } from '../data/sample-source';
import { UsageError } from '../errors';
import { exitCode } from '../exit-code';
import { openModel, withShapes } from '../model/open-model';
import { checkOutputs } from '../output/check-outputs';
import { writeTextFile } from '../output/text-files';
import { type DTypeFile, writeDTypeFamily } from '../output/write-dtype-family';
import { printResult } from '../terminal/print-result';
import { createProgress } from '../terminal/progress';
import { dataPaths, fromProcessFolder } from './data-paths';
import type { quantizeOptions } from './quantize-options';
import { readSettings } from './quantize-settings';

type Input = CommandInput<typeof quantizeOptions>;

/** What `--json` prints and `--report` writes. */
export interface DTypesDocument {
  readonly model: string;
  readonly config: string | undefined;
  readonly files: readonly { readonly dtype: WeightDType; readonly path: string; readonly bytes: number }[];
  readonly reports: readonly WeightReport[];
  readonly warnings: readonly string[];
}

/** Options of `quantize` that say something about activations or int8 plans, which this form does not have. */
const foreignOptions = [
  'labels',
  'evalData',
  'target',
  'activationRange',
  'weightRange',
  'bits',
  'narrowSkips',
  'layerBits',
  'maxSize',
  'maxBops',
  'maxLatency',
  'minimize',
  'candidates',
  'sensitivity',
  'maxDrop',
  'rounding',
  'iterations',
  'equalize',
  'smooth',
  'biasCorrection',
  'statistics',
  'to',
  'formatVersion',
  'io',
  'spec',
  'dryRun',
] as const;

/** `bitwright quantize model.onnx --dtype q8,q4`: one file per dtype, under the names transformers.js loads. */
export async function quantizeDTypes(names: string, { args, options, context, configPath }: Input): Promise<number> {
  const dtypes = parseDTypes(names);
  refuseForeign(options);
  const settings = readSettings(options);
  const modelPath = resolve(context.cwd, args[0] ?? '');
  const opened = await openModel(modelPath, args[0]);
  const inputs = withShapes(opened.inputs, settings.shapes.inputs);
  const folder = options.output === undefined ? dirname(modelPath) : resolve(context.cwd, options.output);
  const baseName = basename(modelPath).replace(/\.onnx$/i, '');
  const paths = dtypes.map((dtype) => join(folder, dtypeFileName(baseName, dtype)));
  const reportPath = options.report === undefined ? undefined : resolve(context.cwd, options.report);
  const specs = fromProcessFolder(options.data ?? [], inputs, context.cwd);
  // A folder that is made later holds nothing that could be replaced.
  const outputs = [...(existsSync(folder) ? paths : []), ...(reportPath === undefined ? [] : [reportPath])];
  await checkOutputs(outputs, {
    inputs: [modelPath, ...dataPaths(options.data ?? [], inputs, context.cwd)],
    force: options.force === true,
  });
  const progress = createProgress(context.stderr, options.quiet !== true);
  try {
    const data: SampleInput | undefined =
      specs.length === 0
        ? undefined
        : await openSamples(specs, { inputs, preprocess: settings.preprocess, shape: settings.shapes.sample });
    const files = await writeDTypeFamily(opened.model, {
      dtypes,
      folder,
      baseName,
      overwrite: options.force === true,
      name: opened.name,
      exclude: settings.exclude,
      perChannel: settings.perChannel,
      symmetric: options.asymmetric !== true,
      signal: context.signal,
      onProgress: progress.show,
      ...(options.method === undefined ? {} : { method: options.method as NonNullable<Method> }),
      ...(options.blockSize === undefined ? {} : { blockSize: options.blockSize }),
      ...(options.accuracyLevel === undefined ? {} : { accuracyLevel: options.accuracyLevel }),
      ...(options.keepFloat32 === undefined ? {} : { keepFloat32: options.keepFloat32 }),
      ...(options.samples === undefined ? {} : { samples: options.samples }),
      ...(settings.batchSize === undefined ? {} : { batchSize: settings.batchSize }),
      ...(settings.isVerified ? {} : { verifySamples: 0 }),
      ...(data === undefined ? {} : { calibration: data }),
    });
    progress.stop();
    const document = documentOf(files, opened.name, configPath, context.cwd);
    if (reportPath !== undefined) await writeReport(reportPath, document);
    printResult(document, formatDocument(document), options, context);
    return exitCode.ok;
  } finally {
    progress.stop();
  }
}

// — internals —

type Method = Parameters<typeof writeDTypeFamily>[1]['method'];

function parseDTypes(text: string): readonly WeightDType[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))].map(parseWeightDType);
}

function refuseForeign(options: Input['options']): void {
  const given = foreignOptions.find((key) => options[key] !== undefined && options[key] !== false);
  if (given === undefined) return;
  const flag = `--${given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UsageError({
    operation: '--dtype',
    expected: 'options for weights only',
    received: flag,
    hint: `Leave out ${flag}, or leave out --dtype to quantize activations too.`,
  });
}

function documentOf(
  files: readonly DTypeFile[],
  model: string,
  config: string | undefined,
  cwd: string,
): DTypesDocument {
  return {
    model,
    config,
    files: files.map(({ dtype, path, byteLength }) => ({
      dtype,
      path: relative(cwd, path) || path,
      bytes: byteLength,
    })),
    reports: files.map(({ report }) => report),
    warnings: files.flatMap(({ dtype, report }) => report.warnings.map((warning) => `${dtype}: ${warning}`)),
  };
}

/** One block per file; warnings are printed apart. */
function formatDocument({ files, reports }: DTypesDocument): string {
  return reports
    .map((report, i) => `${formatWeightReport({ ...report, warnings: [] })}wrote ${files[i]?.path}\n`)
    .join('\n');
}

async function writeReport(path: string, document: DTypesDocument): Promise<void> {
  await writeTextFile(path, `${JSON.stringify(document, undefined, 2)}\n`);
}
