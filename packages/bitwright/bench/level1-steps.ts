import { readFileSync } from 'node:fs';
import { compareTensors, meanSquaredError, type QuantizationSpec, type Target } from '@bitwright/core';
import { planPlacement, writeQdq } from '@bitwright/export';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import {
  asSampleSource,
  buildSpec,
  calibrate,
  correctBias,
  correctBiasFromStatistics,
  type Feeds,
  layerInputTensors,
  limitedBatches,
  observeChannels,
  prepareModel,
  type Runtime,
  type SampleSource,
  type StatisticsTable,
} from '@bitwright/ptq';
import { loadLabels } from '../src/data/labels';
import { preprocessPresets } from '../src/data/preprocess';
import { openSamples } from '../src/data/sample-source';
import { type MeasuredModel, modelPath } from './models';

/** A classifier with its data in memory, prepared for quantization, and what float makes of the test data. */
export interface LoadedModel {
  readonly measured: MeasuredModel;
  readonly original: Model;
  readonly model: Model;
  readonly calibration: SampleSource;
  readonly test: SampleSource;
  readonly labels: ArrayLike<number>;
}

/** Logits of a model on the test data, and how many are right. */
export interface Outcome {
  readonly logits: Float32Array;
  readonly predictions: Int32Array;
  readonly top1: number;
}

export async function loadModel(measured: MeasuredModel, runtime: Runtime, testSamples?: number): Promise<LoadedModel> {
  const bytes = readFileSync(modelPath(measured.name));
  const session = await runtime.createSession(bytes);
  const { inputs } = session;
  await session.release();
  const open = async (specs: readonly string[], limit: number | undefined) =>
    openSamples(specs, {
      inputs,
      preprocess: measured.preprocess === undefined ? undefined : preprocessPresets[measured.preprocess],
      shape: measured.sampleShape,
      limit,
    });
  const test = await open(measured.test, testSamples);
  const labels = await loadLabels(measured.labels, { sampleCount: test.total ?? 0, sampleNames: test.names });
  const used = test.length ?? labels.length;
  const original = decodeModel(bytes);
  return {
    measured,
    original,
    model: prepareModel(original).model,
    calibration: await inMemory(await open(measured.calibration, measured.calibrationSamples), measured.batch),
    test: await inMemory(test, measured.batch),
    labels: labels.subarray(0, used),
  };
}

async function inMemory(source: SampleSource, batch: number): Promise<SampleSource> {
  const feeds: Feeds[] = [];
  for await (const item of limitedBatches(source, batch, Number.POSITIVE_INFINITY)) feeds.push(item);
  return asSampleSource(feeds);
}

export async function runModel(model: Model, loaded: LoadedModel, runtime: Runtime): Promise<Outcome> {
  const session = await runtime.createSession(encodeModel(model));
  const logits: number[] = [];
  const predictions: number[] = [];
  for await (const feeds of loaded.test.batches(loaded.measured.batch)) {
    const results = await session.run(feeds);
    const output = results[session.outputs[0] ?? ''];
    if (output === undefined) continue;
    const [rows = 0, classes = 0] = output.dims;
    for (let r = 0; r < rows; r++) {
      const row = Array.from((output.data as Float32Array).subarray(r * classes, (r + 1) * classes));
      predictions.push(row.reduce((best, v, c) => (v > (row[best] as number) ? c : best), 0));
      for (const v of row) logits.push(v);
    }
  }
  await session.release();
  const right = predictions.filter((label, i) => label === loaded.labels[i]).length;
  return {
    logits: Float32Array.from(logits),
    predictions: Int32Array.from(predictions),
    top1: right / predictions.length,
  };
}

/** Calibrates and chooses parameters, ranges by mean squared error. */
export async function makeSpec(
  model: Model,
  target: Target,
  loaded: Pick<LoadedModel, 'calibration' | 'measured'>,
  runtime: Runtime,
): Promise<QuantizationSpec> {
  const placement = planPlacement(model, { target });
  const range = meanSquaredError();
  const tensors = [...placement.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
  const { observers } = await calibrate(model, {
    runtime,
    source: loaded.calibration,
    tensors,
    observer: range.observer,
    batchSize: loaded.measured.batch,
    limit: loaded.measured.calibrationSamples,
  });
  const provenance = { tool: { name: 'level1', version: '0' } };
  return buildSpec({ model, placement, observers, activationRange: range, weightRange: range, provenance });
}

/** One line of the table. */
export interface Row {
  readonly steps: string;
  readonly weights: string;
  readonly top1: number;
  /** Predictions equal to those of the original float model. */
  readonly agreement: number;
  /** Of the logits, against the original float model, in dB. */
  readonly sqnrDb: number;
}

export type Correction =
  | { readonly kind: 'none' }
  | { readonly kind: 'empirical'; readonly activations?: 'quantized' | 'float' }
  | { readonly kind: 'analytic'; readonly statistics: StatisticsTable }
  /** ε̄·E[x] with E[x] observed in the float model. */
  | { readonly kind: 'observed' };

/** Quantizes, with each of the corrections, and measures the exported model. */
export async function measureRows(
  steps: string,
  model: Model,
  target: Target,
  corrections: readonly Correction[],
  loaded: LoadedModel,
  reference: Outcome,
  runtime: Runtime,
): Promise<readonly Row[]> {
  const spec = await makeSpec(model, target, loaded, runtime);
  const rows: Row[] = [];
  for (const correction of corrections) {
    const corrected = await correct(model, spec, target, correction, loaded, runtime);
    const outcome = await runModel(writeQdq(corrected, spec, target), loaded, runtime);
    const row = compare(`${steps}${nameOf(correction)}`, describeWeights(target), outcome, reference);
    process.stderr.write(`${loaded.measured.name}: ${JSON.stringify(row)}\n`);
    rows.push(row);
  }
  return rows;
}

export function compare(steps: string, weights: string, outcome: Outcome, reference: Outcome): Row {
  const equal = outcome.predictions.filter((label, i) => label === reference.predictions[i]).length;
  const sqnrDb = compareTensors(reference.logits, outcome.logits).sqnrDb;
  return { steps, weights, top1: outcome.top1, agreement: equal / reference.predictions.length, sqnrDb };
}

async function correct(
  model: Model,
  spec: QuantizationSpec,
  target: Target,
  correction: Correction,
  { calibration, measured }: LoadedModel,
  runtime: Runtime,
): Promise<Model> {
  if (correction.kind === 'none') return model;
  if (correction.kind === 'analytic') return correctBiasFromStatistics(model, spec, correction.statistics).model;
  if (correction.kind === 'observed') {
    const tensors = layerInputTensors(model);
    const statistics = await observeChannels(model, {
      runtime,
      source: calibration,
      tensors,
      batchSize: measured.batch,
    });
    return correctBiasFromStatistics(model, spec, statistics).model;
  }
  const { activations = 'quantized' } = correction;
  const options = { runtime, source: calibration, target, activations, batchSize: measured.batch };
  return (await correctBias(model, spec, options)).model;
}

function nameOf(correction: Correction): string {
  if (correction.kind === 'none') return '';
  if (correction.kind === 'analytic') return ' + bias correction (BatchNorm statistics)';
  if (correction.kind === 'observed') return ' + bias correction (weights only, observed float inputs)';
  return ` + bias correction${correction.activations === 'float' ? ' (float activations)' : ''}`;
}

function describeWeights(target: Target): string {
  const { granularity, qmin, qmax } = target.schemes.weight;
  return `${granularity.kind === 'perTensor' ? 'per tensor' : 'per channel'} [${qmin}, ${qmax}]`;
}
