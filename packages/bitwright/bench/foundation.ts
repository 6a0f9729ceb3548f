/**
 * Measures the foundation's promises on real models, ratios from one run:
 * accuracy, size, integer kernels and speed of int8 against float; calibration time and memory against the Python peer.
 *
 *   npx tsx --conditions=@bitwright/source packages/bitwright/bench/foundation.ts [--python PATH] [--part NAME,NAME]
 *
 * Parts: the classifiers by name (accuracy and size), latency (their times), detector, language, memory, peer; all of them by default. Each is written to
 * packages/bitwright/bench/results/foundation.{json,md} as soon as it is measured; the others stay as they are. Needs the real
 * models (BITWRIGHT_SHARED); the peer is measured where --python names an interpreter with onnxruntime and onnx.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import {
  compareLatency,
  evaluateClassifiers,
  type FloatNode,
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
import { loadCalibrationKernels } from '../src/machine/calibration-kernels';
import { describeMachine } from './machine';
import { classifiers, type MeasuredModel, modelPath, sharedFolder } from './models';
import { measurePerplexity } from './perplexity';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string' },
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
  /** Float time over int8 time, by batch and threads. */
  readonly latencyRatio?: Readonly<Record<string, number>>;
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
    activationMemoryShare:
      report.activationMemory === undefined
        ? undefined
        : report.activationMemory.quantizedBytes / report.activationMemory.floatBytes,
    calibrationSeconds: report.calibration.seconds,
  };
}

/** Times of one classifier alone: the part to run on a quiet machine. */
async function measureLatency(measured: MeasuredModel, runtime: Runtime): Promise<Record<string, number>> {
  const bytes = readFileSync(modelPath(measured.name));
  const calibration = await open(measured.calibration, bytes, runtime, measured, measured.calibrationSamples);
  const { model } = await quantizeModel(decodeModel(bytes), {
    calibration,
    samples: measured.calibrationSamples,
    runtime,
    verifySamples: 0,
  });
  return latencies(bytes, encodeModel(model), calibration, measured.batch, runtime);
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

/** Peak memory of a fresh process that calibrates on so many images; the median of three. */
function memoryOf(samples: number, method: string): number {
  return median([0, 1, 2].map(() => memoryOnce(samples, method)));
}

function memoryOnce(samples: number, method: string): number {
  const out = execFileSync(
    process.execPath,
    [...process.execArgv, import.meta.filename, '--child', 'memory', '--samples', String(samples), '--range', method],
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
  const backend = await loadCalibrationKernels();
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
        runtime,
        verifySamples: 0,
        // The peer does not correct biases either.
        correctBias: false,
        ...(backend === undefined ? {} : { backend }),
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

interface DetectorResult {
  readonly model: string;
  readonly data: string;
  readonly outputs:
    | readonly { readonly output: string; readonly sqnrDb: number; readonly cosine: number }[]
    | undefined;
  readonly integer: string;
  readonly sizeShare: number;
  readonly latencyRatio: number | undefined;
  readonly leftInFloat: readonly FloatNode[];
}

async function measureDetector(runtime: Runtime): Promise<DetectorResult> {
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

/** Everything measured so far. */
interface Results {
  readonly machine: ReturnType<typeof describeMachine>;
  readonly classifiers: readonly ClassifierRow[];
  readonly detector?: DetectorResult;
  readonly language?: Awaited<ReturnType<typeof measurePerplexity>>;
  readonly memory?: readonly { readonly method: string; readonly few: number; readonly many: number }[];
  readonly peer?: readonly PeerRow[];
}

async function measurePart(part: string, before: Results, runtime: Runtime): Promise<Results> {
  const measured = classifiers.find(({ name }) => name === part);
  if (measured !== undefined) {
    const { latencyRatio } = before.classifiers.find(({ model }) => model === part) ?? {};
    const accuracy = await measureClassifier(measured, runtime);
    const row = latencyRatio === undefined ? accuracy : { ...accuracy, latencyRatio };
    const rows = [...before.classifiers.filter(({ model }) => model !== part), row];
    const order = classifiers.map(({ name }) => name);
    return { ...before, classifiers: rows.sort((a, b) => order.indexOf(a.model) - order.indexOf(b.model)) };
  }
  if (part === 'latency') {
    const rows: ClassifierRow[] = [];
    for (const row of before.classifiers) {
      const timed = classifiers.find(({ name }) => name === row.model);
      rows.push(timed === undefined ? row : { ...row, latencyRatio: await measureLatency(timed, runtime) });
    }
    return { ...before, classifiers: rows };
  }
  if (part === 'report') return before;
  if (part === 'detector') return { ...before, detector: await measureDetector(runtime) };
  if (part === 'language') return { ...before, language: await measurePerplexity(runtime) };
  if (part === 'memory') {
    const memory = ['minmax', 'mse'].map((method) => ({
      method,
      few: memoryOf(200, method),
      many: memoryOf(2000, method),
    }));
    return { ...before, memory };
  }
  if (part === 'peer') {
    return flags.python === undefined ? before : { ...before, peer: await comparePeer(flags.python, runtime) };
  }
  throw new Error(`no part "${part}": ${allParts.join(', ')}`);
}

/** `Pow, ReduceMean (9 each): onnxruntime does not fuse it …`: nodes left in float, by reason. */
function byReason(nodes: readonly FloatNode[]): string {
  const groups = new Map<string, Map<string, number>>();
  for (const { opType, reason } of nodes) {
    // Reasons that name a tensor of the model are one group.
    const key = reason.replace(/"[^"]*"/g, '…');
    const types = groups.get(key) ?? new Map<string, number>();
    groups.set(key, types.set(opType, (types.get(opType) ?? 0) + 1));
  }
  return [...groups]
    .map(([reason, types]) => `${[...types].map(([type, count]) => `${count} ${type}`).join(', ')} (${reason})`)
    .join('; ');
}

const allParts = [...classifiers.map(({ name }) => name), 'latency', 'detector', 'language', 'memory', 'peer'];

async function main(): Promise<void> {
  const runtime = await loadRuntime();
  const path = join(results, 'foundation.json');
  const machine = describeMachine(runtime);
  let all: Results = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { machine, classifiers: [] };
  mkdirSync(results, { recursive: true });
  for (const part of flags.part?.split(',') ?? allParts) {
    process.stderr.write(`${part} …\n`);
    all = { ...(await measurePart(part, all, runtime)), machine };
    writeFileSync(path, `${JSON.stringify(all, undefined, 2)}\n`);
    writeFileSync(join(results, 'foundation.md'), markdown(all));
  }
  process.stdout.write(markdown(all));
}

function markdown({ machine, classifiers: rows, detector, language, memory, peer }: Results): string {
  const percent = (share: number): string => (100 * share).toFixed(2);
  const table = rows.map((row) => {
    const ratios = Object.entries(row.latencyRatio ?? {}).map(([key, ratio]) => `${ratio.toFixed(2)} (${key})`);
    const left = row.leftInFloat.length === 0 ? '' : `; float: ${row.leftInFloat.join(', ')}`;
    const activations = row.activationMemoryShare === undefined ? '' : `${percent(row.activationMemoryShare)} %`;
    return `| ${row.model} | ${percent(row.float)} | ${percent(row.int8)} | ${row.drop.toFixed(2)} | ${percent(row.sizeShare)} % | ${row.integer}${left} | ${ratios.join('; ')} | ${activations} |`;
  });
  const notes = rows.flatMap(({ model, note }) => (note === undefined ? [] : [`- ${model}: ${note}.`]));
  const lines: string[] = [];
  if (peer !== undefined) {
    const seconds = (pick: (row: PeerRow) => number): string => median(peer.map(pick)).toFixed(2);
    lines.push(
      `- Calibration and export of 512 images (resnet20), min–max without bias correction, beside onnxruntime.quantization's quantize_static: ${seconds((row) => row.ratio)} times as fast (ours ${seconds((row) => row.oursSeconds)} s, peer ${seconds((row) => row.peerSeconds)} s, medians of ${peer.length} interleaved runs).`,
    );
  }
  for (const { method, few, many } of memory ?? []) {
    lines.push(
      `- Peak memory of the process from 200 to 2,000 calibration images, ${method}: ${(few / 1e6).toFixed(0)} → ${(many / 1e6).toFixed(0)} MB (${(100 * (many / few - 1)).toFixed(1)} %).`,
    );
  }
  if (detector !== undefined) {
    const outputs = detector.outputs?.map(({ output, sqnrDb }) => `${output} ${sqnrDb.toFixed(1)} dB`).join(', ');
    lines.push(
      `- ${detector.model} (${detector.data}): SQNR ${outputs}; file ${percent(detector.sizeShare)} %; ${detector.integer} operators on integers; float time / int8 time ${detector.latencyRatio?.toFixed(2)}; float: ${byReason(detector.leftInFloat)}.`,
    );
  }
  if (language !== undefined) {
    lines.push(
      `- tinylm_llama_233k: perplexity ${language.float.toFixed(3)} → ${language.int8.toFixed(3)}; file ${percent(language.sizeShare)} %; ${language.integer} operators on integers; float: ${byReason(language.leftInFloat)}.`,
    );
  }
  return `# int8 against float, measured on the exported files

${machine.text}

| model | float top-1 | int8 top-1 | lost points | file | operators on integers | float time / int8 time | activations |
|---|---|---|---|---|---|---|---|
${table.join('\n')}

${[...notes, ...lines].join('\n')}
`;
}

if (flags.child === 'memory') await memoryChild(Number(flags.samples));
else await main();
