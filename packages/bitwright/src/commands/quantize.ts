import { relative, resolve } from 'node:path';
import { type CalibrationState, type QuantizationReport, type QuantizeOptions, seenSamples } from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import type { Context } from '../context';
import type { ModelInput } from '../data/model-input';
import { exitCode } from '../exit-code';
import { exportWritten } from '../export/export-written';
import type { WrittenExport } from '../export/write-exports';
import { loadCalibrationKernels } from '../machine/calibration-kernels';
import { readCpu } from '../machine/cpu';
import { runsHere, targetHint } from '../machine/target-fit';
import { hashFile, type OpenedModel, openModel, withShapes } from '../model/open-model';
import type { OptionValues } from '../options/option-table';
import { checkOutputs } from '../output/check-outputs';
import { type PlannedOutputs, planOutputs } from '../output/plan-outputs';
import { writeResult } from '../output/write-result';
import { formatDryRun } from '../report/format-dry-run';
import { formatQuantizeReport } from '../report/format-quantize-report';
import { printResult } from '../terminal/print-result';
import { createProgress, type ProgressDisplay } from '../terminal/progress';
import { dataPaths, fromProcessFolder } from './data-paths';
import { type OpenedData, openData } from './open-data';
import { quantizeDTypes } from './quantize-dtypes';
import { type LadderSummary, ladderStatePath, quantizeByLadder } from './quantize-ladder';
import { quantizeOptions } from './quantize-options';
import { hashSettings, type QuantizeSettings, readSettings } from './quantize-settings';
import { readState } from './state-file';

type Options = OptionValues<typeof quantizeOptions>;

/** What the report file and `--json` hold: the measured report and what the command adds to it. */
export interface QuantizeDocument extends QuantizationReport {
  /** The config file in use. */
  readonly config: string | undefined;
  readonly hashes: NonNullable<QuantizeOptions['provenance']>;
  /** Statistics of the first calibration samples. */
  readonly inputs: OpenedData['check']['inputs'];
  readonly files: PlannedOutputs;
  /** What the user may not know and might want. */
  readonly hints: readonly string[];
  /** Files of `--to`. */
  readonly exports?: readonly WrittenExport[];
  /** What was tried one after another, with --max-drop. */
  readonly ladder?: LadderSummary | undefined;
}

/** Timed runs of each model when no accuracy was asked for. */
const latencyRuns = 11;

/** `bitwright quantize`: float model in, quantized model, spec and report out. */
export const quantize: CommandDefinition<typeof quantizeOptions> = {
  name: 'quantize',
  summary: 'make a low-bit model from a float one and measure both',
  description:
    'Calibrates a float ONNX model on samples, writes the quantized model with its spec and report, and measures what was written: it is loaded in onnxruntime and compared with the float model.',
  args: [{ name: '<model>', description: 'float model, an .onnx file' }],
  options: quantizeOptions,
  examples: [
    'bitwright quantize resnet20.onnx --data calib.npy --labels labels.npy',
    'bitwright quantize mobilenet.onnx --data ./images --preprocess imagenet -o out/',
    'bitwright quantize resnet20.onnx --data calib.u8 --shape 32x32x3 --preprocess cifar --exclude op:Gemm',
    'bitwright quantize resnet20.onnx --data calib.npy --labels labels.npy --bits w4a8 --max-drop 0.5% --budget 10m',
    'bitwright quantize resnet56.onnx --data calib.npy --max-size 50% --rounding gptq',
    'bitwright quantize resnet20.onnx --data calib.npy --to tflite',
    'bitwright quantize decoder.onnx --dtype q8,q4,q4f16 -o onnx/',
  ],
  run: runQuantize,
};

async function runQuantize(input: CommandInput<typeof quantizeOptions>): Promise<number> {
  const { options, context } = input;
  if (options.dtype !== undefined) return quantizeDTypes(options.dtype, input);
  const settings = readSettings(options);
  const modelPath = resolve(context.cwd, input.args[0] ?? '');
  const opened = await openModel(modelPath, input.args[0]);
  const inputs = withShapes(opened.inputs, settings.shapes.inputs);
  const outputs = planOutputs(modelPath, options, context.cwd);
  const isLadder = settings.ladder !== undefined;
  await checkOutputs([...Object.values(outputs), ...(isLadder ? [ladderStatePath(outputs)] : [])], {
    inputs: filesRead(modelPath, options, inputs, context.cwd),
    force: options.force === true || options.resume === true,
  });
  const progress = createProgress(context.stderr, options.quiet !== true);
  try {
    progress.show({ phase: 'read data', done: 0, total: undefined, etaMs: undefined });
    const data = await openRequestedData(options, settings, inputs, context.cwd);
    if (options.dryRun === true) {
      progress.stop();
      return printDryRun(opened, settings, data, outputs, input);
    }
    const quantized = await quantizeAndWrite(opened, settings, data, outputs, input, progress);
    const exports = await exportRequested(settings, outputs, input);
    progress.stop();
    const document = { ...quantized, ...(exports === undefined ? {} : { exports }) };
    printResult(document, formatQuantizeReport(document), options, context);
    return exitCode.ok;
  } finally {
    progress.stop();
  }
}

// — internals —

function exportRequested(
  { target }: QuantizeSettings,
  { model }: PlannedOutputs,
  { options, context }: CommandInput<typeof quantizeOptions>,
): Promise<readonly WrittenExport[]> | undefined {
  const { to: formats, formatVersion, io, shape, force } = options;
  if (formats === undefined) return undefined;
  const flags = { formatVersion, io, shape, force: force === true };
  return exportWritten({ ...flags, formats, model, target: target.id, cwd: context.cwd });
}

async function quantizeAndWrite(
  opened: OpenedModel,
  settings: QuantizeSettings,
  data: OpenedData,
  outputs: PlannedOutputs,
  input: CommandInput<typeof quantizeOptions>,
  progress: ProgressDisplay,
): Promise<QuantizeDocument> {
  const { options, context, configPath } = input;
  const { signal, dependencies } = context;
  const hashes = {
    modelHash: await hashFile(opened.path),
    configHash: hashSettings(settings),
    ...(data.hash === undefined ? {} : { dataHash: data.hash }),
  };
  const statistics =
    options.statistics === undefined ? undefined : await readState(resolve(context.cwd, options.statistics));
  const backend = await loadCalibrationKernels();
  const libraryOptions: QuantizeOptions = {
    ...quantizeSettings(settings),
    calibration: data.calibration,
    name: opened.name,
    ...(statistics === undefined ? {} : { statistics }),
    ...(backend === undefined ? {} : { backend }),
    provenance: hashes,
    signal,
    onProgress: progress.show,
    ...(data.evaluation === undefined
      ? { latencyRuns: settings.isVerified ? latencyRuns : 0 }
      : { evaluation: data.evaluation }),
  };
  const documentOf = (report: QuantizationReport): QuantizeDocument => ({
    ...report,
    warnings: [
      ...data.warnings(),
      ...targetWarnings(settings),
      ...statisticsWarnings(statistics, data.calibration.length),
      ...report.warnings,
    ],
    hints: hintsOf(settings, options),
    config: configPath,
    hashes,
    inputs: data.check.inputs,
    files: shownPaths(outputs, context),
  });
  if (settings.ladder !== undefined) {
    return quantizeByLadder(opened.model, libraryOptions, settings.ladder, outputs, input, documentOf);
  }
  const result = await dependencies.quantizeModel(opened.model, libraryOptions);
  const document = documentOf(result.report);
  await writeResult(result, document, outputs, { force: options.force === true, signal });
  return document;
}

/** The part of the library's options that the command line decides. */
function quantizeSettings(settings: QuantizeSettings): Omit<QuantizeOptions, 'calibration'> {
  const { weightRange, bits, mixedPrecision, smooth, correctBias, batchSize, threads, isVerified } = settings;
  return {
    target: settings.target,
    samples: settings.samples,
    activationRange: settings.activationRange,
    ...(weightRange === undefined ? {} : { weightRange }),
    exclude: settings.exclude,
    rounding: settings.rounding,
    ...(settings.iterations === undefined ? {} : { reconstruction: { iterations: settings.iterations } }),
    equalize: settings.equalize,
    ...(correctBias === undefined ? {} : { correctBias }),
    perChannel: settings.perChannel,
    layerBits: settings.layerBits,
    ...(smooth === undefined ? {} : { smooth }),
    ...(bits === undefined ? {} : { bits }),
    ...(mixedPrecision === undefined ? {} : { mixedPrecision }),
    shapes: settings.shapes.inputs,
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(threads === undefined ? {} : { threads }),
    ...(isVerified ? {} : { verifySamples: 0 }),
  };
}

function printDryRun(
  opened: OpenedModel,
  settings: QuantizeSettings,
  data: OpenedData,
  outputs: PlannedOutputs,
  { options, context }: CommandInput<typeof quantizeOptions>,
): number {
  const { target, shapes, exclude } = settings;
  const inspection = context.dependencies.inspectModel(opened.model, { target, shapes: shapes.inputs, exclude });
  const document = {
    plan: inspection.plan,
    data: data.calibration.description,
    inputs: data.check.inputs,
    files: shownPaths(outputs, context),
    warnings: [...data.warnings(), ...targetWarnings(settings), ...inspection.warnings],
  };
  printResult(document, formatDryRun(document), options, context);
  return inspection.plan === undefined ? exitCode.failed : exitCode.ok;
}

function openRequestedData(
  options: Options,
  settings: QuantizeSettings,
  inputs: readonly ModelInput[],
  cwd: string,
): Promise<OpenedData> {
  const { evalData, labels } = options;
  return openData({
    data: fromProcessFolder(options.data ?? [], inputs, cwd),
    evalData: evalData === undefined ? undefined : fromProcessFolder(evalData, inputs, cwd),
    labels: labels === undefined ? undefined : fromProcessFolder([labels], [], cwd)[0],
    samples: settings.samples,
    seed: settings.seed,
    shapes: settings.shapes,
    preprocess: settings.preprocess,
    allowRandom: options.allowRandom === true,
    skipUnreadable: options.skipUnreadable === true,
    inputs,
  });
}

function hintsOf({ target, bits }: QuantizeSettings, options: Options): readonly string[] {
  const isChosen = options.target !== undefined || options.to !== undefined || (bits?.weightBits ?? 8) < 8;
  const hint = isChosen ? undefined : targetHint(target, readCpu().features);
  return hint === undefined ? [] : [hint];
}

/** What the written file and the measurements do not say about a target that is not onnxruntime on this machine. */
function targetWarnings({ target, isVerified, isExported }: QuantizeSettings): readonly string[] {
  const isForeign = target.exporter !== 'onnx-qdq' && !isExported;
  const isElsewhere = isVerified && !runsHere(target, readCpu().features);
  return [
    ...(isForeign
      ? [
          `${target.id} reads the format ${target.exporter}, not this .onnx file: add --to ${target.id}, or run \`bitwright export\` on it`,
        ]
      : []),
    ...(isElsewhere ? [`measured in onnxruntime on this machine, which tells little about ${target.title}`] : []),
  ];
}

/** A merge that lacks shards is a valid state of fewer samples. */
function statisticsWarnings(statistics: CalibrationState | undefined, wanted: number | undefined): readonly string[] {
  const seen = statistics === undefined ? wanted : seenSamples(statistics);
  if (seen === undefined || wanted === undefined || seen >= wanted) return [];
  return [`the statistics saw ${seen} of the ${wanted} calibration samples: is a shard missing?`];
}

/** Files this run reads, which therefore must not be written. */
function filesRead(modelPath: string, options: Options, inputs: readonly ModelInput[], cwd: string): readonly string[] {
  const { data = [], evalData = [], labels, statistics } = options;
  return [
    modelPath,
    ...(statistics === undefined ? [] : [resolve(cwd, statistics)]),
    ...dataPaths([...data, ...evalData], inputs, cwd),
    ...(labels === undefined ? [] : [resolve(cwd, labels)]),
  ];
}

function shownPaths(outputs: PlannedOutputs, { cwd }: Context): PlannedOutputs {
  const show = (path: string): string => relative(cwd, path) || path;
  return { model: show(outputs.model), spec: show(outputs.spec), report: show(outputs.report) };
}
