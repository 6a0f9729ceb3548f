/**
 * Accuracy of W8A8 beside the Python peer: onnxruntime.quantization's quantize_static with MinMax, Entropy and Percentile calibration,
 * the same calibration samples, every file evaluated in the same onnxruntime on the same test data.
 *
 *   npx tsx --conditions=@bitwright/source packages/bitwright/bench/peer-accuracy.ts --python PATH [--only NAME] [--auto]
 *
 * --auto adds ranges by measured error, which take minutes on the larger models.
 * Results are kept in bench/results/peer-accuracy.json after each file; what is there already is not measured again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import {
  evaluateClassifiers,
  limitedBatches,
  loadRuntime,
  predictClasses,
  type QuantizeOptions,
  quantizeModel,
  type Runtime,
  type SampleSource,
} from '@bitwright/ptq';
import { loadLabels } from '../src/data/labels';
import { encodeNpy } from '../src/data/npy';
import { preprocessPresets } from '../src/data/preprocess';
import { openSamples } from '../src/data/sample-source';
import { describeMachine } from './machine';
import { classifiers, type MeasuredModel, modelPath } from './models';

const { values: flags } = parseArgs({
  options: { python: { type: 'string' }, only: { type: 'string' }, auto: { type: 'boolean', default: false } },
});
const results = join(import.meta.dirname, 'results');
const path = join(results, 'peer-accuracy.json');

/** Accuracy of one file. */
interface Row {
  readonly model: string;
  readonly tool: 'bitwright' | 'onnxruntime.quantization 1.30';
  readonly method: string;
  /** Percent. */
  readonly float: number;
  readonly top1: number;
  readonly agreement: number;
  readonly samples: number;
}

const ours: Readonly<Record<string, Partial<QuantizeOptions>>> = {
  'ort-x64-vnni, default': { target: 'ort-x64-vnni' },
  'ort-x64-vnni, no bias correction': { target: 'ort-x64-vnni', correctBias: false },
  'ort-x64-vnni, auto ranges, bias correction': {
    target: 'ort-x64-vnni',
    activationRange: 'auto',
    weightRange: 'auto',
  },
  'ort-x64 (7-bit weights), default': { target: 'ort-x64' },
  'ort-x64 (7-bit weights), no bias correction': { target: 'ort-x64', correctBias: false },
  'ort-x64 (7-bit weights), auto ranges, bias correction': {
    target: 'ort-x64',
    activationRange: 'auto',
    weightRange: 'auto',
  },
};
const peers = ['MinMax', 'Entropy', 'Percentile'];

// One thread per session: accuracy does not depend on it.
const loaded = await loadRuntime();
const runtime: Runtime = {
  ...loaded,
  createSession: (model, options) => loaded.createSession(model, { threads: 1, ...options }),
};
let rows: readonly Row[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).rows : [];
const isDone = (model: string, method: string): boolean =>
  rows.some((row) => row.model === model && row.method === method);

async function measure(measured: MeasuredModel): Promise<void> {
  const bytes = readFileSync(modelPath(measured.name));
  const session = await runtime.createSession(bytes);
  const { inputs } = session;
  await session.release();
  const open = (specs: readonly string[], limit?: number) =>
    openSamples(specs, {
      inputs,
      preprocess: measured.preprocess === undefined ? undefined : preprocessPresets[measured.preprocess],
      shape: measured.sampleShape,
      limit,
    });
  const calibration = await open(measured.calibration, measured.calibrationSamples);
  const test = await open(measured.test);
  const labels = await loadLabels(measured.labels, { sampleCount: test.length ?? 0, sampleNames: test.names });
  const common = { runtime, source: test, labels, batchSize: measured.batch };
  const floatPredictions = await predictClasses(bytes, common);
  const save = async (tool: Row['tool'], method: string, file: Uint8Array): Promise<void> => {
    const evaluation = await evaluateClassifiers(bytes, file, { ...common, floatPredictions });
    const row: Row = {
      model: measured.name,
      tool,
      method,
      float: 100 * evaluation.float.top1,
      top1: 100 * evaluation.quantized.top1,
      agreement: evaluation.agreement,
      samples: evaluation.samples,
    };
    rows = [...rows, row];
    process.stderr.write(`${JSON.stringify(row)}\n`);
    write();
  };
  for (const [method, options] of Object.entries(ours)) {
    if (isDone(measured.name, method) || (options.activationRange === 'auto' && !flags.auto)) continue;
    const { model } = await quantizeModel(decodeModel(bytes), {
      calibration,
      samples: measured.calibrationSamples,
      runtime,
      verifySamples: 0,
      ...options,
    });
    await save('bitwright', method, encodeModel(model));
  }
  if (flags.python === undefined || peers.every((method) => isDone(measured.name, method))) return;
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-bench-'));
  try {
    const samples = join(folder, 'samples.npy');
    writeFileSync(samples, await asNpy(calibration, measured.calibrationSamples));
    for (const method of peers) {
      if (isDone(measured.name, method)) continue;
      const out = join(folder, `${method}.onnx`);
      const script = join(import.meta.dirname, 'peer_quantize_static.py');
      // Batches of four: the peer's histogram calibrators fail on a last batch of another size.
      const run = spawnSync(
        flags.python,
        [script, modelPath(measured.name), samples, out, '--method', method, '--batch', '4'],
        { encoding: 'utf8' },
      );
      if (run.status === 0) await save('onnxruntime.quantization 1.30', method, readFileSync(out));
      else process.stderr.write(`${measured.name} ${method}: ${run.stderr.trim().split('\n').at(-1)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function asNpy(source: SampleSource, count: number): Promise<Uint8Array> {
  const parts: Float32Array[] = [];
  let shape: readonly number[] = [];
  for await (const feeds of limitedBatches(source, 16, count)) {
    const tensor = Object.values(feeds)[0];
    if (tensor === undefined) continue;
    parts.push(tensor.data as Float32Array);
    shape = tensor.dims.slice(1);
  }
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of parts) {
    data.set(part, to);
    to += part.length;
  }
  return encodeNpy({ type: 'float32', data, dims: [count, ...shape] });
}

function write(): void {
  mkdirSync(results, { recursive: true });
  const machine = describeMachine(runtime);
  writeFileSync(path, `${JSON.stringify({ machine, rows }, undefined, 2)}\n`);
  const order = [...classifiers.map(({ name }) => name), ...Object.keys(ours), ...peers];
  const rank = (row: Row): number => 100 * order.indexOf(row.model) + order.indexOf(row.method);
  rows = [...rows].sort((a, b) => rank(a) - rank(b));
  const lines = rows.map(
    (row) =>
      `| ${row.model} | ${row.tool} | ${row.method} | ${row.float.toFixed(2)} | ${row.top1.toFixed(2)} | ${(row.top1 - row.float).toFixed(2)} | ${(100 * row.agreement).toFixed(2)} | ${row.samples} |`,
  );
  const text = `# W8A8 beside onnxruntime.quantization

${machine.text}

The same calibration samples for both (CIFAR-10: 512 training images; mobilenetv2: 100 and kws: 256 of the test samples, there are no
others). Per-channel weights, uint8 activations. Top-1 in percent of the written file in onnxruntime.

Against the best of the peer's methods: top-1, how many samples more or fewer are right, and on how many percent a file predicts what float
predicts. A peer may lie above float by luck; "chance" is how many samples that luck is worth, √ of those on which its file differs from float.

${summary().join('\n')}

| model | tool | method | float | int8 | points | agrees with float | samples |
|---|---|---|---|---|---|---|---|
${lines.join('\n')}
`;
  writeFileSync(join(results, 'peer-accuracy.md'), text);
}

/**
 * Our settings against the best of the peer's three methods on the test labels. Files that agree with float on a share a of n samples
 * decide (1 − a)·n of them otherwise, right or wrong as it comes: a difference of √((1 − a)·n) of them says nothing.
 */
function summary(): readonly string[] {
  const settings = Object.keys(ours).filter((method) => !method.includes('no bias correction'));
  const cells = ({ name }: MeasuredModel): string => {
    const own = rows.filter((row) => row.model === name);
    const [best] = own.filter((row) => row.tool !== 'bitwright').sort((a, b) => b.top1 - a.top1);
    if (best === undefined) return '';
    const chance = Math.sqrt((1 - best.agreement) * best.samples);
    const shown = settings.map((method) => {
      const row = own.find((candidate) => candidate.tool === 'bitwright' && candidate.method === method);
      if (row === undefined) return '–';
      const images = Math.round(((row.top1 - best.top1) * row.samples) / 100);
      return `${row.top1.toFixed(2)} (${images > 0 ? '+' : ''}${images}; agrees ${(100 * row.agreement).toFixed(1)})`;
    });
    const peer = `${best.top1.toFixed(2)} (${best.method}; agrees ${(100 * best.agreement).toFixed(1)})`;
    return `| ${name} | ${best.float.toFixed(2)} | ${peer} | ${shown.join(' | ')} | ±${chance.toFixed(0)} |`;
  };
  return [
    `| model | float | best of the peer | ${settings.join(' | ')} | chance |`,
    `|${'---|'.repeat(settings.length + 4)}`,
    ...classifiers.map(cells).filter((line) => line !== ''),
  ];
}

for (const measured of classifiers) {
  if (flags.only === undefined || flags.only === measured.name) await measure(measured);
}
write();
