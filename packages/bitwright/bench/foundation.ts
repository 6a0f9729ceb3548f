/**
 * Measures the foundation's promises on real models, ratios from one run:
 * accuracy, size, integer kernels and speed of int8 against float; calibration time and memory against the Python peer.
 *
 *   npx tsx --conditions=@bitwright/source packages/bitwright/bench/foundation.ts [--python PATH] [--only NAME] [--part memory|peer]
 *
 * Writes packages/bitwright/bench/results/foundation.{json,md}. Needs the real models (BITWRIGHT_SHARED); the peer is measured
 * where --python names an interpreter with onnxruntime and onnx.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import {
  compareLatency,
  evaluateClassifiers,
  limitedBatches,
  loadRuntime,
  type QuantizationReport,
  quantizeModel,
  type Runtime,
} from '@bitwright/ptq';
import { loadLabels } from '../src/data/labels';
import { encodeNpy } from '../src/data/npy';
import { preprocessPresets } from '../src/data/preprocess';
import { type OpenedSamples, openSamples } from '../src/data/sample-source';
import { describeMachine } from './machine';
import { classifiers, type MeasuredModel, modelPath, sharedFolder } from './models';
import { measurePerplexity } from './perplexity';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string' },
    only: { type: 'string' },
    child: { type: 'string' },
    samples: { type: 'string' },
    range: { type: 'string' },
    part: { type: 'string' },
  },
});
const results = join(import.meta.dirname, 'results');

interface ClassifierRow {
  readonly model: string;
  readonly note?: string;
  readonly float: number;
  readonly int8: number;
  readonly drop: number;
  readonly agreement: number;
  readonly sizeShare: number;
  readonly integer: string;
  readonly leftInFloat: readonly string[];
  readonly latencyRatio: Readonly<Record<string, number>>;
  readonly activationMemoryShare: number | undefined;
  readonly calibrationSeconds: number;
}

async function open(
  specs: readonly string[],
  bytes: Uint8Array,
  runtime: Runtime,
  model: Partial<MeasuredModel>,
  limit?: number,
): Promise<OpenedSamples> {
  const session = await runtime.createSession(bytes);
  const inputs = session.inputs;
  await session.release();
  return openSamples(specs, {
    inputs,
    preprocess: model.preprocess === undefined ? undefined : preprocessPresets[model.preprocess],
    shape: model.sampleShape,
    limit,
  });
}

async function measureClassifier(measured: MeasuredModel, runtime: Runtime): Promise<ClassifierRow> {
  const bytes = readFileSync(modelPath(measured.name));
  const calibration = await open(measured.calibration, bytes, runtime, measured, measured.calibrationSamples);
  const test = await open(measured.test, bytes, runtime, measured);
  const labels = await loadLabels(measured.labels, { sampleCount: test.length ?? 0, sampleNames: test.names });
  const { model, report } = await quantizeModel(decodeModel(bytes), {
    calibration,
    samples: measured.calibrationSamples,
    batchSize: measured.batch,
    runtime,
    ...(flags.range === undefined ? {} : { activationRange: flags.range }),
  });
  const quantized = encodeModel(model);
  const evaluation = await evaluateClassifiers(bytes, quantized, {
    runtime,
    source: test,
    labels,
    batchSize: measured.batch,
  });
  return {
    model: measured.name,
    ...(measured.note === undefined ? {} : { note: measured.note }),
    float: evaluation.float.top1,
    int8: evaluation.quantized.top1,
    drop: 100 * (evaluation.float.top1 - evaluation.quantized.top1),
    agreement: evaluation.agreement,
    sizeShare: quantized.length / bytes.length,
    integer: integerShare(report),
    leftInFloat: Object.entries(report.runtimeGraph?.floatOperators ?? {}).map(([type, count]) => `${type} ${count}`),
    latencyRatio: await latencies(bytes, quantized, calibration, measured.batch, runtime),
    activationMemoryShare:
      report.activationMemory === undefined
        ? undefined
        : report.activationMemory.quantizedBytes / report.activationMemory.floatBytes,
    calibrationSeconds: report.calibration.seconds,
  };
}

function integerShare(report: QuantizationReport): string {
  const { integer = 0, float = 0 } = report.runtimeGraph ?? {};
  return `${integer} of ${integer + float}`;
}

async function latencies(
  float: Uint8Array,
  quantized: Uint8Array,
  source: OpenedSamples,
  batch: number,
  runtime: Runtime,
): Promise<Record<string, number>> {
  const ratios: Record<string, number> = {};
  for (const [size, threads] of [
    [1, 1],
    [1, 2],
    [batch, 1],
    [batch, 2],
  ] as const) {
    for await (const feeds of limitedBatches(source, size, size)) {
      ratios[`batch ${size}, ${threads} thread${threads > 1 ? 's' : ''}`] = (
        await compareLatency(float, quantized, { runtime, feeds, runs: 41, threads })
      ).ratio;
    }
  }
  return ratios;
}

/** Peak memory of a fresh process that calibrates on so many images. */
function memoryOf(samples: number): number {
  const out = execFileSync(
    process.execPath,
    [...process.execArgv, import.meta.filename, '--child', 'memory', '--samples', String(samples)],
    { encoding: 'utf8' },
  );
  return Number(out.trim().split('\n').at(-1));
}

async function memoryChild(samples: number): Promise<void> {
  const measured = classifiers[0] as MeasuredModel;
  const runtime = await loadRuntime();
  const bytes = readFileSync(modelPath(measured.name));
  const calibration = await open(measured.calibration, bytes, runtime, measured, samples);
  await quantizeModel(decodeModel(bytes), {
    calibration,
    samples,
    batchSize: measured.batch,
    runtime,
    verifySamples: 0,
    activationRange: flags.range ?? 'minmax',
  });
  process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);
}

interface PeerRow {
  readonly run: number;
  readonly oursSeconds: number;
  readonly peerSeconds: number;
  readonly ratio: number;
}

/** Calibration and export of 512 images, ours and the peer's in turn: whole quantize calls, samples read from memory-mapped files. */
async function comparePeer(python: string, runtime: Runtime): Promise<readonly PeerRow[]> {
  const measured = classifiers[0] as MeasuredModel;
  const bytes = readFileSync(modelPath(measured.name));
  const source = await open(measured.calibration, bytes, runtime, measured, 512);
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-bench-'));
  try {
    const samples: number[] = [];
    for await (const feeds of source.batches(64))
      for (const v of Object.values(feeds)[0]?.data ?? []) samples.push(Number(v));
    writeFileSync(
      join(folder, 'samples.npy'),
      encodeNpy({ type: 'float32', data: Float32Array.from(samples), dims: [512, 3, 32, 32] }),
    );
    const rows: PeerRow[] = [];
    for (let run = 0; run < 5; run++) {
      const fromFile = await open([join(folder, 'samples.npy')], bytes, runtime, {});
      const start = performance.now();
      await quantizeModel(decodeModel(bytes), {
        calibration: fromFile,
        activationRange: 'minmax',
        samples: 512,
        batchSize: 32,
        runtime,
        verifySamples: 0,
      });
      const oursSeconds = (performance.now() - start) / 1000;
      const peer = spawnSync(
        python,
        [
          join(import.meta.dirname, 'peer_quantize_static.py'),
          modelPath(measured.name),
          join(folder, 'samples.npy'),
          join(folder, 'peer.onnx'),
        ],
        { encoding: 'utf8' },
      );
      const line = peer.stdout.trim().split('\n').at(-1) ?? '';
      const peerSeconds = (JSON.parse(line) as { seconds: number }).seconds;
      rows.push({ run, oursSeconds, peerSeconds, ratio: peerSeconds / oursSeconds });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureDetector(runtime: Runtime): Promise<unknown> {
  const bytes = readFileSync(modelPath('ultraface_rfb320'));
  const source = await open([join(sharedFolder, 'data/imagenet300')], bytes, runtime, { preprocess: 'ultraface' }, 64);
  const { report } = await quantizeModel(decodeModel(bytes), { calibration: source, runtime, latencyRuns: 21 });
  return {
    model: 'ultraface_rfb320',
    data: 'imagenet300 images (no faces data there)',
    outputs: report.verification?.outputs.map(({ output, sqnrDb, cosine }) => ({ output, sqnrDb, cosine })),
    integer: integerShare(report),
    sizeShare: report.size.quantizedBytes / report.size.floatBytes,
    latencyRatio: report.latency?.ratio,
    leftInFloat: report.plan.float,
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

async function main(): Promise<void> {
  const runtime = await loadRuntime();
  if (flags.part === 'memory') {
    const [few, many] = [memoryOf(200), memoryOf(2000)];
    process.stdout.write(`${JSON.stringify({ samples200: few, samples2000: many, ratio: many / few })}\n`);
    return;
  }
  if (flags.part === 'peer' && flags.python !== undefined) {
    process.stdout.write(`${JSON.stringify(await comparePeer(flags.python, runtime))}\n`);
    return;
  }
  const rows: ClassifierRow[] = [];
  for (const measured of classifiers) {
    if (flags.only !== undefined && flags.only !== measured.name) continue;
    process.stderr.write(`${measured.name} …\n`);
    rows.push(await measureClassifier(measured, runtime));
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
  }
  if (flags.only !== undefined) return;
  const detector = await measureDetector(runtime);
  const language = await measurePerplexity(runtime);
  const memory = { samples200: memoryOf(200), samples2000: memoryOf(2000) };
  const peer = flags.python === undefined ? undefined : await comparePeer(flags.python, runtime);
  const machine = describeMachine(runtime);
  const json = {
    machine,
    classifiers: rows,
    detector,
    language,
    memory: { ...memory, ratio: memory.samples2000 / memory.samples200 },
    peer,
  };
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'foundation.json'), `${JSON.stringify(json, undefined, 2)}\n`);
  writeFileSync(join(results, 'foundation.md'), markdown(json));
  process.stdout.write(markdown(json));
}

function markdown(json: {
  machine: ReturnType<typeof describeMachine>;
  classifiers: readonly ClassifierRow[];
  detector: unknown;
  language: unknown;
  memory: { ratio: number; samples200: number; samples2000: number };
  peer: readonly PeerRow[] | undefined;
}): string {
  const percent = (share: number): string => (100 * share).toFixed(2);
  const rows = json.classifiers.map(
    (row) =>
      `| ${row.model} | ${percent(row.float)} | ${percent(row.int8)} | ${row.drop.toFixed(2)} | ${percent(row.sizeShare)} % | ${row.integer} | ${Object.entries(
        row.latencyRatio,
      )
        .map(([key, ratio]) => `${ratio.toFixed(2)} (${key})`)
        .join('; ')} | ${row.activationMemoryShare === undefined ? '' : `${percent(row.activationMemoryShare)} %`} |`,
  );
  const peer =
    json.peer === undefined
      ? 'not measured'
      : `${median(json.peer.map((row) => row.ratio)).toFixed(2)}x faster (ours ${median(json.peer.map((row) => row.oursSeconds)).toFixed(2)} s, peer ${median(json.peer.map((row) => row.peerSeconds)).toFixed(2)} s, medians of ${json.peer.length} interleaved runs)`;
  return `# int8 against float, measured on the exported files

${json.machine.text}

| model | float top-1 | int8 top-1 | lost points | file | operators on integers | float time / int8 time | activations |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

- Calibration and export of 512 images (resnet20), min–max, against onnxruntime.quantization's quantize_static: ${peer}.
- Peak memory of the process from 200 to 2,000 calibration images: ${(json.memory.samples200 / 1e6).toFixed(0)} → ${(json.memory.samples2000 / 1e6).toFixed(0)} MB (ratio ${json.memory.ratio.toFixed(3)}).
- Detector: \`${JSON.stringify(json.detector)}\`
- Language model: \`${JSON.stringify(json.language)}\`
`;
}

if (flags.child === 'memory') await memoryChild(Number(flags.samples));
else await main();
