/**
 * Measures what level 1 saves: per-tensor W8A8 before and after cross-layer equalization and bias correction, the classic collapse
 * of depthwise models with unbalanced channels, low-bit weights with corrected biases, and a language model with smoothed
 * activations. Accuracy is that of the exported file in onnxruntime.
 *
 *   npx tsx --conditions=@bitwright/source packages/bitwright/bench/level1.ts [--only NAME]
 *
 * Writes packages/bitwright/bench/results/level1.{json,md}; with --only, rows of other models stay. Needs the real models (BITWRIGHT_SHARED).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ortX64, perTensor, type Target, withScheme } from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import {
  absorbHighBias,
  batchNormStatistics,
  equalizedTensors,
  equalizeWeights,
  loadRuntime,
  observeChannelMaxima,
  observeChannels,
  prepareModel,
  type Runtime,
  smoothActivations,
  smoothableTensors,
} from '@bitwright/ptq';
import { openSamples } from '../src/data/sample-source';
import {
  type Correction,
  compare,
  type LoadedModel,
  loadModel,
  makeSpec,
  measureRows,
  type Row,
  runModel,
} from './level1-steps';
import { addOutliers, unbalance } from './level1-unbalance';
import { describeMachine } from './machine';
import { classifiers, type MeasuredModel, modelPath, sharedFolder } from './models';
import { perplexity } from './perplexity';

const { values: flags } = parseArgs({ options: { only: { type: 'string' } } });
const results = join(import.meta.dirname, 'results');

const weightTarget = (changes: Parameters<typeof withScheme>[1]): Target => ({
  ...ortX64,
  schemes: { ...ortX64.schemes, weight: withScheme(ortX64.schemes.weight, changes) },
});
const perChannelTarget: Target = ortX64;
const perTensorTarget: Target = weightTarget({ granularity: perTensor });
const fourBitTarget: Target = weightTarget({ qmin: -7, qmax: 7 });

const none: Correction = { kind: 'none' };
const empirical: Correction = { kind: 'empirical' };
const observed: Correction = { kind: 'observed' };

interface ModelResult {
  readonly model: string;
  readonly samples: number;
  readonly note?: string;
  readonly rows: readonly Row[];
}

/** Per tensor before and after each step, per channel as the yardstick. */
async function measureSteps(loaded: LoadedModel, runtime: Runtime): Promise<ModelResult> {
  const { model, measured } = loaded;
  const float = await runModel(model, loaded, runtime);
  const rows: Row[] = [compare('float', 'float', float, float)];
  const add = async (
    steps: string,
    candidate: Model,
    target: Target,
    corrections: readonly Correction[],
  ): Promise<void> => {
    rows.push(...(await measureRows(steps, candidate, target, corrections, loaded, float, runtime)));
  };
  await add('as it is', model, perChannelTarget, [none, empirical]);
  await add('as it is', model, perTensorTarget, [none, observed, empirical]);
  const tensors = equalizedTensors(model);
  const observe = (candidate: Model) =>
    observeChannels(candidate, { runtime, source: loaded.calibration, tensors, batchSize: measured.batch });
  const equalized = equalizeWeights(model);
  const hasClips = equalized.pairs.some((pair) => pair.replacedClips.length > 0);
  if (hasClips)
    rows.push(compare('Clip(0, 6) replaced by Relu', 'float', await runModel(equalized.model, loaded, runtime), float));
  await add('equalized', equalized.model, perTensorTarget, [
    none,
    empirical,
    { kind: 'empirical', activations: 'float' },
  ]);
  const absorbed = absorbHighBias(equalized.model, await observe(equalized.model));
  if (absorbed.absorbed.length > 0) {
    await add('equalized, high biases absorbed', absorbed.model, perTensorTarget, [none, empirical]);
  }
  if (
    equalized.skipped.some(({ reason }) => reason.includes('layers write')) ||
    equalized.pairs.some((p) => p.writers.length > 1)
  ) {
    const apart = equalizeWeights(model, { shared: 'skip' });
    await add('equalized inside blocks only', apart.model, perTensorTarget, [none, empirical]);
  }
  if (hasClips) {
    const bounded = equalizeWeights(model, { clip: 'bounded', statistics: await observe(model) });
    rows.push(compare('equalized under Clip(0, 6)', 'float', await runModel(bounded.model, loaded, runtime), float));
    await add('equalized under Clip(0, 6)', bounded.model, perTensorTarget, [none, empirical]);
  }
  return result(loaded, rows, measured.name);
}

/** The model made worse on purpose, and rescued. */
async function measureCollapse(loaded: LoadedModel, runtime: Runtime): Promise<ModelResult> {
  const { model, pairs, replacedClips } = unbalance(loaded.model);
  const float = await runModel(model, loaded, runtime);
  const rows: Row[] = [compare('float', 'float', float, float)];
  const add = async (
    steps: string,
    candidate: Model,
    target: Target,
    corrections: readonly Correction[],
  ): Promise<void> => {
    rows.push(...(await measureRows(steps, candidate, target, corrections, loaded, float, runtime)));
  };
  await add('unbalanced', model, perChannelTarget, [none]);
  await add('unbalanced', model, perTensorTarget, [none]);
  const equalized = equalizeWeights(model).model;
  await add('unbalanced, equalized', equalized, perTensorTarget, [none, empirical]);
  const apart = equalizeWeights(model, { shared: 'skip' }).model;
  await add('unbalanced, equalized inside blocks only', apart, perTensorTarget, [none, empirical]);
  const clips =
    replacedClips === 0 ? '' : `; its ${replacedClips} Clip(0, 6) became Relu first, since a ceiling does not scale`;
  const note = `channels of ${pairs} pairs of convolutions multiplied by random 2^-6…2^6${clips}`;
  return { ...result(loaded, rows, `${loaded.measured.name}, unbalanced`), note };
}

/** Analytic against empirical correction on a model that carries BatchNorm. */
async function measureStatistics(loaded: LoadedModel, runtime: Runtime): Promise<ModelResult> {
  const { model, original } = loaded;
  const float = await runModel(model, loaded, runtime);
  const rows: Row[] = [compare('float', 'float', float, float)];
  const statistics = batchNormStatistics(original);
  const corrections: readonly Correction[] = [none, { kind: 'analytic', statistics }, observed, empirical];
  rows.push(...(await measureRows('as it is', model, fourBitTarget, corrections, loaded, float, runtime)));
  const equalized = equalizeWeights(model, { statistics });
  const absorbed = absorbHighBias(equalized.model, equalized.statistics);
  const after: readonly Correction[] = [
    none,
    { kind: 'analytic', statistics: absorbed.statistics },
    observed,
    empirical,
  ];
  rows.push(
    ...(await measureRows(
      'equalized, high biases absorbed',
      absorbed.model,
      fourBitTarget,
      after,
      loaded,
      float,
      runtime,
    )),
  );
  return result(loaded, rows, `${loaded.measured.name}, BatchNorm statistics`);
}

function result(loaded: LoadedModel, rows: readonly Row[], model: string): ModelResult {
  const { note } = loaded.measured;
  return { model, samples: loaded.labels.length, ...(note === undefined ? {} : { note }), rows };
}

interface LanguageRow {
  readonly steps: string;
  readonly weights: string;
  readonly perplexity: number;
}

/** Perplexity of the small language model in int8, before and after smoothing. */
async function measureLanguage(runtime: Runtime): Promise<readonly LanguageRow[]> {
  const bytes = readFileSync(modelPath('tinylm_llama_233k'));
  const session = await runtime.createSession(bytes);
  const { inputs } = session;
  await session.release();
  const source = await openSamples([join(sharedFolder, 'data/tinylm/tokens.npy')], { inputs });
  const { model } = prepareModel(decodeModel(bytes));
  const measured: MeasuredModel = {
    name: 'tinylm_llama_233k',
    calibration: [],
    calibrationSamples: 64,
    test: [],
    labels: '',
    batch: 8,
    maxDrop: 0,
  };
  const rows: LanguageRow[] = [
    { steps: 'float', weights: 'float', perplexity: await perplexity(bytes, source, runtime) },
  ];
  const smooth = async (candidate: Model, alpha: number): Promise<Model> => {
    const tensors = smoothableTensors(candidate);
    const maxima = await observeChannelMaxima(candidate, { runtime, source, tensors, batchSize: 8 });
    return smoothActivations(candidate, maxima, { alpha }).model;
  };
  const outliers = addOutliers(model, [3, 17], 64);
  const candidates: readonly (readonly [string, Model])[] = [
    ['as it is', model],
    ['smoothed, α = 0.5', await smooth(model, 0.5)],
    ['smoothed, α = 0.7', await smooth(model, 0.7)],
    ['with outlier channels (2 of 64 per stream, 64 times as large)', outliers],
    ['with outlier channels, smoothed, α = 0.5', await smooth(outliers, 0.5)],
  ];
  for (const [weights, target] of [
    ['per channel', perChannelTarget],
    ['per tensor', perTensorTarget],
  ] as const) {
    for (const [steps, candidate] of candidates) {
      const spec = await makeSpec(candidate, target, { calibration: source, measured }, runtime);
      const quantized = encodeModel(writeQdq(candidate, spec, target));
      rows.push({ steps, weights, perplexity: await perplexity(quantized, source, runtime) });
      process.stderr.write(`tinylm: ${JSON.stringify(rows.at(-1))}\n`);
    }
  }
  return rows;
}

interface Measured {
  readonly machine: ReturnType<typeof describeMachine>;
  readonly models: readonly ModelResult[];
  readonly language: readonly LanguageRow[];
}

function markdown({ machine, models, language }: Measured): string {
  const tables = models.map(({ model, samples, note, rows }) => {
    const lines = rows.map(
      (row) =>
        `| ${row.steps} | ${row.weights} | ${(100 * row.top1).toFixed(2)} | ${(100 * row.agreement).toFixed(1)} | ${
          Number.isFinite(row.sqnrDb) ? row.sqnrDb.toFixed(1) : '∞'
        } |`,
    );
    return `## ${model}\n\n${samples} samples${note === undefined ? '' : `; ${note}`}.\n\n| steps | weights | top-1 | agrees with float | logits SQNR (dB) |\n|---|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  const lines = language.map((row) => `| ${row.steps} | ${row.weights} | ${row.perplexity.toFixed(3)} |`);
  return `# Level 1: equalization, absorption, bias correction, smoothing

${machine.text}

Target ort-x64: uint8 activations per tensor, int8 weights; ranges by mean squared error. "Per tensor" is what level 1 has to rescue.
Every number is measured on the exported file in onnxruntime.

${tables.join('\n')}
## tinylm_llama_233k

| steps | weights | perplexity |
|---|---|---|
${lines.join('\n')}
`;
}

const runtime = await loadRuntime();
const isWanted = (name: string): boolean => flags.only === undefined || flags.only === name;
const models: ModelResult[] = [];
for (const measured of classifiers) {
  if (!isWanted(measured.name) || measured.name === 'resnet56_cifar10') continue;
  const loaded = await loadModel(measured, runtime, measured.name === 'resnet20_cifar10' ? 2000 : undefined);
  if (measured.name === 'resnet20_cifar10') {
    models.push(await measureStatistics(loaded, runtime));
  } else {
    models.push(await measureSteps(loaded, runtime), await measureCollapse(loaded, runtime));
  }
}
const language = isWanted('tinylm_llama_233k') ? await measureLanguage(runtime) : [];
const path = join(results, 'level1.json');
const before: Partial<Measured> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
const isNew = ({ model }: ModelResult): boolean => models.some((result) => result.model === model);
const kept = flags.only === undefined ? [] : (before.models ?? []).filter((result) => !isNew(result));
const order = classifiers.map(({ name }) => name);
const rank = ({ model }: ModelResult): number => order.indexOf(model.split(',')[0] ?? '');
const all: Measured = {
  machine: describeMachine(runtime),
  models: [...kept, ...models].sort((a, b) => rank(a) - rank(b) || a.model.length - b.model.length),
  language: language.length > 0 ? language : (before.language ?? []),
};
mkdirSync(results, { recursive: true });
writeFileSync(path, `${JSON.stringify(all, undefined, 2)}\n`);
writeFileSync(join(results, 'level1.md'), markdown(all));
process.stdout.write(markdown(all));
