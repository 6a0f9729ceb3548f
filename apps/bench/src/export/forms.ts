import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { qdqToQOperator } from '@bitwright/export';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import { quantizeModel, type SampleSource } from '@bitwright/ptq';
import * as ort from 'onnxruntime-node';
import type { ExportCase, SampleSet } from './cases';

/** One file in one session, and what came out. */
export interface FormRow {
  readonly model: string;
  readonly form: string;
  readonly samples: number;
  /** Share of right classes; undefined for detectors. */
  readonly top1: number | undefined;
  /** Signal-to-noise ratio of the outputs to float's, in dB. */
  readonly sqnr: number;
  /** Share of samples with the class of the form's own reference; undefined for detectors. */
  readonly agreement: number | undefined;
  /** Milliseconds per sample of one batch, fastest of the turns. */
  readonly ms: number;
}

export interface CaseResult {
  readonly model: string;
  readonly data: string;
  readonly rows: readonly FormRow[];
  /** QDQ time over QOperator time: above 1, QOperator is faster. */
  readonly speedup: number;
  /** Nodes that QOperator leaves float between quantizers. */
  readonly floatNodes: number;
}

interface Form {
  readonly name: string;
  readonly session: ort.InferenceSession;
  /** Form whose predictions it is compared with. */
  readonly reference: string;
}

/** Quantizes a model for onnxruntime and for TensorRT, writes every ONNX form, and runs all of them on the same samples. */
export async function measureForms(given: ExportCase, folder: string, turns: number): Promise<CaseResult> {
  const { calibration, test } = await given.load(folder);
  const model = decodeModel(readFileSync(join(folder, 'models', `${given.model}.onnx`)));
  const source = asSource(given, calibration);
  const shared = { calibration: source, verifySamples: 0 };
  const ours = await quantizeModel(model, { ...shared, target: 'ort-x64' });
  const tensorrt = await quantizeModel(model, { ...shared, target: 'tensorrt-11' });
  const { model: integer, float } = qdqToQOperator(ours.model);
  const forms: Form[] = [
    { name: 'float', session: await open(model, 'all'), reference: 'float' },
    { name: 'spec, simulated', session: await open(ours.model, 'disabled'), reference: 'spec, simulated' },
    { name: 'QDQ', session: await open(ours.model, 'all'), reference: 'spec, simulated' },
    { name: 'QOperator', session: await open(integer, 'all'), reference: 'spec, simulated' },
    {
      name: 'TensorRT spec, simulated',
      session: await open(tensorrt.model, 'disabled'),
      reference: 'TensorRT spec, simulated',
    },
    { name: 'TensorRT placement', session: await open(tensorrt.model, 'all'), reference: 'TensorRT spec, simulated' },
  ];
  const outputs = await runAll(given, test, forms);
  const { times, speedup } = await timeAll(given, test, { float: model, QDQ: ours.model, QOperator: integer }, turns);
  const reference = outputs.get('float') ?? new Float32Array();
  const rows = forms.map(({ name, reference: own }): FormRow => {
    const result = outputs.get(name) ?? new Float32Array();
    const classes = classesOf(result, test);
    const expected = classesOf(outputs.get(own) ?? new Float32Array(), test);
    const { labels } = test;
    return {
      model: given.model,
      form: name,
      samples: test.count,
      top1: labels === undefined ? undefined : share(classes, labels),
      sqnr: signalToNoise(reference, result),
      agreement: labels === undefined ? undefined : share(classes, expected),
      ms: times.get(name) ?? Number.NaN,
    };
  });
  for (const { session } of forms) await session.release();
  return { model: given.model, data: given.data, rows, speedup, floatNodes: float.length };
}

/** Only the times, from a short calibration: they do not depend on scales. For a machine that is quiet for a minute. */
export async function retime(given: ExportCase, folder: string, turns: number, known: CaseResult): Promise<CaseResult> {
  const { calibration, test } = await given.load(folder);
  const model = decodeModel(readFileSync(join(folder, 'models', `${given.model}.onnx`)));
  const few = asSource(given, { ...calibration, count: Math.min(calibration.count, 16) });
  const ours = await quantizeModel(model, { calibration: few, verifySamples: 0, target: 'ort-x64' });
  const integer = qdqToQOperator(ours.model).model;
  const { times, speedup } = await timeAll(given, test, { float: model, QDQ: ours.model, QOperator: integer }, turns);
  return { ...known, rows: known.rows.map((row) => ({ ...row, ms: times.get(row.form) ?? row.ms })), speedup };
}

function open(model: Model, graphOptimizationLevel: 'all' | 'disabled'): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel,
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}

function asSource({ input }: ExportCase, set: SampleSet): SampleSource {
  return {
    length: set.count,
    description: `${set.count} samples`,
    async *batches(size) {
      for (let start = 0; start < set.count; start += size) {
        const n = Math.min(size, set.count - start);
        yield { [input]: { type: 'float32', data: set.batch(start, n), dims: [n, ...set.dims] } };
      }
    },
  };
}

async function runAll(given: ExportCase, test: SampleSet, forms: readonly Form[]): Promise<Map<string, Float32Array>> {
  const parts = new Map(forms.map(({ name }): [string, Float32Array[]] => [name, []]));
  for (let start = 0; start < test.count; start += given.batch) {
    const n = Math.min(given.batch, test.count - start);
    const x = new ort.Tensor('float32', test.batch(start, n), [n, ...test.dims]);
    for (const { name, session } of forms) {
      const result = (await session.run({ [given.input]: x }, [given.output]))[given.output];
      parts.get(name)?.push(Float32Array.from(result?.data as Float32Array));
    }
  }
  return new Map([...parts].map(([name, list]) => [name, joined(list)]));
}

/**
 * Float, QDQ and QOperator in turns on one batch, so that the machine's moods hit all alike; of the low-bit forms two sessions each, in
 * the order A B B A, because where a session's memory lies matters as much as the form.
 */
async function timeAll(
  given: ExportCase,
  test: SampleSet,
  models: Readonly<Record<'float' | 'QDQ' | 'QOperator', Model>>,
  turns: number,
): Promise<{ times: Map<string, number>; speedup: number }> {
  const x = new ort.Tensor('float32', test.batch(0, given.batch), [given.batch, ...test.dims]);
  const order = ['float', 'QDQ', 'QOperator', 'QOperator', 'QDQ'] as const;
  const timed: { name: (typeof order)[number]; session: ort.InferenceSession; ms: number[] }[] = [];
  for (const name of order) timed.push({ name, session: await open(models[name], 'all'), ms: [] });
  for (let turn = -3; turn < turns; turn++) {
    for (const { session, ms } of timed) {
      const start = performance.now();
      await session.run({ [given.input]: x }, [given.output]);
      if (turn >= 0) ms.push((performance.now() - start) / given.batch);
    }
  }
  for (const { session } of timed) await session.release();
  // The fastest turn of each session: others on the machine only ever add time.
  const fastest = (name: string): number => {
    const own = timed.filter((entry) => entry.name === name);
    return own.reduce((sum, { ms }) => sum + Math.min(...ms), 0) / own.length;
  };
  const times = new Map(['float', 'QDQ', 'QOperator'].map((name) => [name, fastest(name)]));
  return { times, speedup: fastest('QDQ') / fastest('QOperator') };
}

function classesOf(outputs: Float32Array, { count }: SampleSet): number[] {
  const classes = outputs.length / count;
  return Array.from({ length: count }, (_, i) => {
    const row = outputs.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...(classes > 10_000 ? [0] : row)));
  });
}

function share(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let hits = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) hits += 1;
  return hits / a.length;
}

function signalToNoise(signal: Float32Array, noisy: Float32Array): number {
  let [power, noise] = [0, 0];
  for (let i = 0; i < signal.length; i++) {
    const value = signal[i] ?? 0;
    power += value * value;
    noise += (value - (noisy[i] ?? 0)) ** 2;
  }
  return 10 * Math.log10(power / noise);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
