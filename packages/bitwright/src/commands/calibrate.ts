import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { InvalidArgumentError } from '@bitwright/core';
import {
  assertStateOf,
  type CalibrationState,
  calibrationBatchSize,
  collectStatistics,
  loadRuntime,
  planQuantization,
  type SampleRange,
  seenSamples,
  shardRange,
} from '@bitwright/ptq';
import type { CommandDefinition, CommandInput } from '../command';
import { openSamples } from '../data/sample-source';
import { exitCode } from '../exit-code';
import { loadCalibrationKernels } from '../machine/calibration-kernels';
import { openModel, withShapes } from '../model/open-model';
import { checkOutputs } from '../output/check-outputs';
import { printResult } from '../terminal/print-result';
import { createProgress } from '../terminal/progress';
import { calibrateOptions } from './calibrate-options';
import { dataPaths, fromProcessFolder } from './data-paths';
import { describeSkipped, refuseUnreadable, requireData } from './open-data';
import { readSettings } from './quantize-settings';
import { readState, writeState } from './state-file';

/** `bitwright calibrate`: statistics of a float model on samples, as a file that merges, resumes and travels. */
export const calibrate: CommandDefinition<typeof calibrateOptions> = {
  name: 'calibrate',
  summary: 'collect the statistics of (a shard of) the samples',
  description:
    'Runs samples through a float model and saves what ranges are chosen from. Shards run anywhere, in any order; `bitwright merge` makes of them the very bytes of one run, and `bitwright quantize --statistics` uses them. A run that was stopped goes on from its state file.',
  args: [{ name: '<model>', description: 'float model, an .onnx file' }],
  options: calibrateOptions,
  examples: [
    'bitwright calibrate model.onnx --data calib.npy --activation-range entropy --shard 3/16 --state part3.calib.json',
    'bitwright merge part*.calib.json --state all.calib.json',
    'bitwright quantize model.onnx --data calib.npy --activation-range entropy --statistics all.calib.json',
  ],
  run: runCalibrate,
};

async function runCalibrate({ args, options, context }: CommandInput<typeof calibrateOptions>): Promise<number> {
  const settings = readSettings(options);
  const shard = parseShard(options.shard ?? '1/1');
  requireData(options.data);
  const modelPath = resolve(context.cwd, args[0] ?? '');
  const opened = await openModel(modelPath, args[0]);
  const inputs = withShapes(opened.inputs, settings.shapes.inputs);
  const statePath = options.state === undefined ? defaultState(modelPath) : resolve(context.cwd, options.state);
  await checkOutputs([statePath], {
    inputs: [modelPath, ...dataPaths(options.data ?? [], inputs, context.cwd)],
    force: true,
  });
  const resume = options.restart !== true && existsSync(statePath) ? await readState(statePath) : undefined;
  const plan = planQuantization(opened.model, {
    target: settings.target,
    exclude: settings.exclude,
    shapes: settings.shapes.inputs,
    equalize: settings.equalize,
    bits: settings.bits,
  });
  const batchSize = settings.batchSize ?? calibrationBatchSize(plan, settings.activationRange, settings.shapes.inputs);
  if (resume !== undefined) await assertStateOf(resume, plan, settings.activationRange, batchSize);
  const specs = fromProcessFolder(options.data ?? [], inputs, context.cwd);
  const reading = { inputs, preprocess: settings.preprocess, shape: settings.shapes.sample };
  const all = await openSamples(specs, reading);
  if (all.total === undefined) {
    throw new InvalidArgumentError({
      operation: '[bitwright] calibrate',
      expected: 'data of known length (files)',
      received: all.description,
      hint: 'A module that streams samples cannot be cut into shards; use quantize.',
    });
  }
  const total = Math.min(settings.samples, all.total);
  const range = shardRange(total, batchSize, shard.index, shard.count);
  const start = resumePoint(resume, range, statePath);
  const shuffle = all.total > total ? { shuffle: true, seed: settings.seed } : {};
  const source = await openSamples(specs, { ...reading, limit: range.end, start, ...shuffle });
  const progress = createProgress(context.stderr, options.quiet !== true);
  try {
    const state = start >= range.end ? resume : await collectRest();
    const document = {
      state: relative(context.cwd, statePath) || statePath,
      samples: { ...range, seen: state === undefined ? 0 : seenSamples(state), total },
      resumed: resume === undefined ? 0 : seenSamples(resume),
      warnings: [...all.notes(), ...describeSkipped(source)],
    };
    progress.stop();
    const shown = `samples ${range.start} to ${range.end - 1} of ${total}`;
    printResult(document, `${document.state}: ${document.samples.seen} samples (${shown})\n`, options, context);
    return exitCode.ok;
  } finally {
    progress.stop();
  }

  async function collectRest(): Promise<CalibrationState> {
    if (options.skipUnreadable !== true) await refuseUnreadable(source);
    const state = await collectStatistics(plan, {
      runtime: await loadRuntime(),
      backend: await loadCalibrationKernels(),
      source,
      selector: settings.activationRange,
      batchSize,
      limit: range.end - start,
      start,
      resume,
      checkpoint: (partial) => writeState(statePath, partial),
      signal: context.signal,
      onProgress: progress.show,
    });
    await writeState(statePath, state);
    return state;
  }
}

// — internals —

function parseShard(text: string): { readonly index: number; readonly count: number } {
  const match = /^([0-9]+)\/([0-9]+)$/.exec(text);
  const [index, count] = [Number(match?.[1]) - 1, Number(match?.[2])];
  if (match === null || index < 0 || count < 1 || index >= count) {
    throw new InvalidArgumentError({
      operation: '--shard',
      expected: 'i/n with 1 ≤ i ≤ n, such as 3/16',
      received: JSON.stringify(text),
    });
  }
  return { index, count };
}

function defaultState(modelPath: string): string {
  return join(dirname(modelPath), `${basename(modelPath, extname(modelPath))}.calib.json`);
}

/** Where to go on: behind the samples a state has seen, if they are the first of this shard. */
function resumePoint(state: CalibrationState | undefined, range: SampleRange, path: string): number {
  if (state === undefined) return range.start;
  const seen = state.samples[0];
  if (state.samples.length === 1 && seen?.start === range.start && seen.end <= range.end) return seen.end;
  throw new InvalidArgumentError({
    operation: '[bitwright] calibrate',
    expected: `a state of samples ${range.start} to ${range.end - 1} to go on with`,
    received: `${path} with samples ${state.samples.map(({ start, end }) => `${start} to ${end - 1}`).join(', ')}`,
    hint: 'Give --restart to start over, or another --state.',
  });
}
