/**
 * Time and memory of calibration beside the Python peer (onnxruntime.quantization's quantize_static) on resnet20_cifar10: whole
 * quantize calls, samples read from a memory-mapped file, every run in a fresh process, both tools in turn.
 *
 *   npx tsx --conditions=@bitwright/source packages/bitwright/bench/calibration.ts --python PATH [--methods entropy] [--runs 5] [--samples 1000]
 *
 * Writes packages/bitwright/bench/results/calibration.{json,md}. Needs the real models (BITWRIGHT_SHARED).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { referenceBackend } from '@bitwright/core';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import {
  convolutionOf,
  type Feeds,
  limitedBatches,
  loadRuntime,
  type QuantizeOptions,
  quantizeModel,
  type Runtime,
} from '@bitwright/ptq';
import { encodeNpy } from '../src/data/npy';
import { preprocessPresets } from '../src/data/preprocess';
import { openSamples } from '../src/data/sample-source';
import { loadCalibrationKernels } from '../src/machine/calibration-kernels';
import { describeMachine } from './machine';
import { classifiers, type MeasuredModel, modelPath } from './models';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string' },
    methods: { type: 'string', default: 'entropy,minmax,percentile' },
    runs: { type: 'string', default: '5' },
    samples: { type: 'string', default: '1000' },
    'no-native': { type: 'boolean', default: false },
    'memory-only': { type: 'boolean', default: false },
    child: { type: 'string' },
    method: { type: 'string' },
    file: { type: 'string' },
  },
});
const results = join(import.meta.dirname, 'results');
const measured = classifiers[0] as MeasuredModel;

/** One quantize call. */
interface Run {
  readonly seconds: number;
  /** Of all threads, waiting ones that spin included: what other work on the machine does not stretch. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** Where the seconds of ours went. */
  readonly parts?: Parts;
}

/** Seconds of one quantize call, by what it did. */
interface Parts {
  /** Folding, simplifying, planning. */
  readonly prepare: number;
  /** The model itself: our kernels, or onnxruntime with handing out what is observed. */
  readonly inference: number;
  /** Extremes and histograms. */
  readonly statistics: number;
  /** Everything else of the pass over the samples. */
  readonly between: number;
  /** Range search, spec, file. */
  readonly write: number;
}

/** Runs of ours and of the peer, in turn. */
interface Comparison {
  readonly method: string;
  readonly ours: readonly Run[];
  readonly oursPlain: readonly Run[];
  readonly peer: readonly Run[];
}

const peerMethods: Readonly<Record<string, string>> = {
  entropy: 'Entropy',
  minmax: 'MinMax',
  percentile: 'Percentile',
};

async function open(path: string, limit: number) {
  const bytes = readFileSync(modelPath(measured.name));
  const runtime = await loadRuntime();
  const session = await runtime.createSession(bytes);
  const { inputs } = session;
  await session.release();
  const isRaw = path.endsWith('.u8');
  const source = await openSamples([path], {
    inputs,
    preprocess: isRaw ? preprocessPresets['cifar'] : undefined,
    shape: isRaw ? measured.sampleShape : undefined,
    limit,
  });
  return { bytes, runtime, source };
}

/** In a fresh process: one quantize call, its time and the peak memory of the process. */
async function child(file: string, samples: number): Promise<void> {
  const { bytes, runtime, source } = await open(file, samples);
  const backend = flags['no-native'] ? undefined : await loadCalibrationKernels();
  const clocks = { inference: 0, statistics: 0 };
  const clocked = async <T>(run: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await run();
    clocks.inference += performance.now() - from;
    return result;
  };
  const timed: Runtime = {
    ...runtime,
    async createSession(model, options) {
      const session = await runtime.createSession(model, options);
      return { ...session, run: (feeds, outputs) => clocked(() => session.run(feeds, outputs)) };
    },
  };
  const counted = (count: () => number): number => {
    const from = performance.now();
    const result = count();
    clocks.statistics += performance.now() - from;
    return result;
  };
  const inferred = (run: () => void): void => {
    const from = performance.now();
    run();
    clocks.inference += performance.now() - from;
  };
  const loops = backend ?? referenceBackend;
  const kernels = convolutionOf(backend);
  const timedBackend: QuantizeOptions['backend'] = {
    ...loops,
    minMax: (x, granularity, out) => counted(() => loops.minMax(x, granularity, out)),
    histogram: (data, bins, counts) => counted(() => loops.histogram(data, bins, counts)),
    convolve: (...args) => inferred(() => kernels?.convolve(...args)),
    add: (...args) => inferred(() => kernels?.add(...args)),
  };
  const marks = new Map<string, number>();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { model } = await quantizeModel(decodeModel(bytes), {
    calibration: source,
    samples,
    runtime: timed,
    onProgress: ({ phase }) => {
      if (!marks.has(phase)) marks.set(phase, performance.now());
    },
    activationRange: flags.method === 'percentile' ? 'percentile(99.999)' : (flags.method ?? 'entropy'),
    verifySamples: 0,
    correctBias: false,
    ...(backend === undefined ? {} : { backend: timedBackend }),
  });
  encodeModel(model);
  const end = performance.now();
  const seconds = (end - start) / 1000;
  const [observed = start, decided = end] = [marks.get('calibrate'), marks.get('export')];
  const pass = decided - observed;
  const parts: Parts = {
    prepare: (observed - start) / 1000,
    inference: clocks.inference / 1000,
    statistics: clocks.statistics / 1000,
    between: (pass - clocks.inference - clocks.statistics) / 1000,
    write: (end - decided) / 1000,
  };
  const used = process.cpuUsage(cpu);
  const cpuSeconds = (used.user + used.system) / 1e6;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds, peakBytes, parts })}\n`);
}

function runOurs(method: string, file: string, samples: number, isPlain: boolean): Run {
  const text = execFileSync(
    process.execPath,
    [
      ...process.execArgv,
      import.meta.filename,
      ...['--child', 'one', '--method', method, '--file', file, '--samples', String(samples)],
      ...(isPlain ? ['--no-native'] : []),
    ],
    { encoding: 'utf8' },
  );
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}

/** Seconds of the float model on the same images, nothing observed: the fastest of three passes. */
async function inferenceAlone(file: string, samples: number): Promise<number> {
  const { bytes, runtime, source } = await open(file, samples);
  const session = await runtime.createSession(bytes, { spinning: false });
  const passes: number[] = [];
  for (let pass = 0; pass < 3; pass++) {
    const feeds: Feeds[] = [];
    for await (const batch of limitedBatches(source, 16, samples)) feeds.push(batch);
    const start = performance.now();
    for (const batch of feeds) await session.run(batch);
    passes.push((performance.now() - start) / 1000);
  }
  await session.release();
  return Math.min(...passes);
}

function runPeer(python: string, method: string, file: string, out: string, batch: number): Run {
  const script = join(import.meta.dirname, 'peer_quantize_static.py');
  const run = spawnSync(
    python,
    [script, modelPath(measured.name), file, out, '--method', peerMethods[method] ?? method, '--batch', String(batch)],
    { encoding: 'utf8' },
  );
  return JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '');
}

async function compare(python: string): Promise<Pick<Results, 'comparisons' | 'inference'>> {
  const samples = Number(flags.samples);
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-bench-'));
  try {
    const file = join(folder, 'samples.npy');
    const { source } = await open(measured.calibration[0] ?? '', samples);
    const data = new Float32Array(samples * 3072);
    let at = 0;
    for await (const feeds of limitedBatches(source, 100, samples)) {
      const part = Object.values(feeds)[0]?.data as Float32Array;
      data.set(part, at);
      at += part.length;
    }
    writeFileSync(file, encodeNpy({ type: 'float32', data, dims: [samples, 3, 32, 32] }));
    const inference = await inferenceAlone(file, samples);
    const comparisons = flags.methods.split(',').map((method): Comparison => {
      const [ours, oursPlain, peer]: [Run[], Run[], Run[]] = [[], [], []];
      for (let run = 0; run < Number(flags.runs); run++) {
        ours.push(runOurs(method, file, samples, false));
        oursPlain.push(runOurs(method, file, samples, true));
        // One image per run is the peer's fastest form on this model; larger batches take longer.
        peer.push(runPeer(python, method, file, join(folder, 'peer.onnx'), 1));
        process.stderr.write(`${method} ${JSON.stringify([ours.at(-1), oursPlain.at(-1), peer.at(-1)])}\n`);
      }
      return { method, ours, oursPlain, peer };
    });
    return { comparisons, inference };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

interface Results {
  readonly machine: ReturnType<typeof describeMachine>;
  readonly samples: number;
  readonly comparisons: readonly Comparison[];
  /** Seconds of the float model alone. */
  readonly inference?: number;
  readonly memory: readonly { readonly method: string; readonly samples: number; readonly peakBytes: number }[];
}

function markdown({ machine, samples, comparisons, memory, inference = Number.NaN }: Results): string {
  const seconds = (runs: readonly Run[]): number => median(runs.map((run) => run.seconds));
  const peak = (runs: readonly Run[]): number => median(runs.map((run) => run.peakBytes));
  const ratio = (ours: readonly Run[], peer: readonly Run[], key: 'seconds' | 'cpuSeconds'): string =>
    median(ours.map((run, i) => (peer[i] as Run)[key] / run[key])).toFixed(1);
  const cpu = (runs: readonly Run[]): string => median(runs.map((run) => run.cpuSeconds)).toFixed(1);
  const rows = comparisons.map(
    ({ method, ours, oursPlain, peer }) =>
      `| ${method} | ${seconds(ours).toFixed(2)} s | ${seconds(oursPlain).toFixed(2)} s | ${seconds(peer).toFixed(2)} s | ${ratio(ours, peer, 'seconds')}x (${ratio(oursPlain, peer, 'seconds')}x) | ${cpu(ours)}, ${cpu(oursPlain)}, ${cpu(peer)} s | ${ratio(ours, peer, 'cpuSeconds')}x (${ratio(oursPlain, peer, 'cpuSeconds')}x) | ${(peak(ours) / 1e6).toFixed(0)} MB | ${(peak(peer) / 1e6).toFixed(0)} MB | 1/${(peak(peer) / peak(ours)).toFixed(1)} |`,
  );
  const partsOf = (runs: readonly Run[], part: keyof Parts): string =>
    median(runs.map((run) => run.parts?.[part] ?? Number.NaN)).toFixed(2);
  const parts = comparisons.map(
    ({ method, ours }) =>
      `| ${method} | ${partsOf(ours, 'prepare')} | ${partsOf(ours, 'inference')} | ${partsOf(ours, 'statistics')} | ${partsOf(ours, 'between')} | ${partsOf(ours, 'write')} |`,
  );
  const flat = memory.map((m) => `| ${m.method} | ${m.samples} | ${(m.peakBytes / 1e6).toFixed(0)} MB |`);
  return `# Calibration beside onnxruntime.quantization

${machine.text}

resnet20_cifar10, ${samples} images from one .npy file: the whole quantize call (calibration and export) in a fresh process, both tools in
turn, medians of ${comparisons[0]?.ours.length ?? 0} runs. "Plain": without the native kernels. Peak: resident memory of the process. Ours without bias
correction, which the peer does not do either.

| method | bitwright | plain | quantize_static | faster (plain) | processor time: ours, plain, peer | less (plain) | peak | peak of the peer | share |
|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

Where the seconds of ours go (medians; with the native kernels, on which the model runs too). The float model alone, nothing observed, takes
onnxruntime ${inference.toFixed(2)} s for the same images in the same batches.

| method | prepare and plan | model | extremes, histograms | between | ranges and file |
|---|---|---|---|---|---|
${parts.join('\n')}

Peak memory by number of images:

| method | images | peak |
|---|---|---|
${flat.join('\n')}
`;
}

async function main(): Promise<void> {
  const runtime = await loadRuntime();
  const path = join(results, 'calibration.json');
  const before: Partial<Results> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const isCompared = flags.python !== undefined && !flags['memory-only'];
  const { comparisons = [], inference } = isCompared ? await compare(flags.python ?? '') : before;
  const raw = measured.calibration[0] ?? '';
  const memory = flags['memory-only']
    ? ['minmax', 'entropy', 'mse'].flatMap((method) =>
        [200, 1000, 2000, 10_000].map((samples) => {
          const { peakBytes } = runOurs(method, raw, samples, false);
          process.stderr.write(`${method} ${samples}: ${(peakBytes / 1e6).toFixed(0)} MB\n`);
          return { method, samples, peakBytes };
        }),
      )
    : (before.memory ?? []);
  const all: Results = {
    machine: describeMachine(runtime),
    samples: Number(flags.samples),
    comparisons,
    memory,
    ...(inference === undefined ? {} : { inference }),
  };
  mkdirSync(results, { recursive: true });
  writeFileSync(path, `${JSON.stringify(all, undefined, 2)}\n`);
  writeFileSync(join(results, 'calibration.md'), markdown(all));
  process.stdout.write(markdown(all));
}

if (flags.child === undefined) await main();
else await child(flags.file ?? '', Number(flags.samples));
