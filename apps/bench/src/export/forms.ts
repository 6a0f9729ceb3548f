import { performance } from 'node:perf_hooks';
import { qdqToQOperator } from '@bitwright/export';
import { decodeModel, type Model } from '@bitwright/onnx';
import { type QuantizeResult, quantizeModel } from '@bitwright/ptq';
import { asSource, type ExportCase, modelFile, type SampleSet } from './cases';
import { type Engine, integerEngine, ortEngine, runAll } from './engines';
import { exportedBytes } from './exported-bytes';
import { classesOf, finite, joined, share, signalToNoise } from './scores';

/** One file in one runtime, and what came out. */
export interface FormRow {
  readonly model: string;
  readonly form: string;
  readonly samples: number;
  /** Share of right classes; undefined for detectors. */
  readonly top1: number | undefined;
  /** Signal-to-noise ratio of the outputs to float's, in dB. */
  readonly sqnr: number | null;
  /** Signal-to-noise ratio to the outputs of the spec's integer reference, in dB; null: equal. */
  readonly toReference: number | null | undefined;
  /** Share of samples with the class of the integer reference; undefined for detectors. */
  readonly agreement: number | undefined;
  /** Milliseconds per sample of one batch, fastest of the turns; null where it was not timed. */
  readonly ms: number | null;
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
  readonly engine: Engine;
  /** Form it is compared with: the integer reference of the same spec. */
  readonly reference: string;
}

const ours = 'spec, integer reference';
const tensorrtReference = 'TensorRT spec, integer reference';

/** Quantizes a model for onnxruntime and for TensorRT, writes every ONNX form, and runs all of them on the same samples. */
export async function measureForms(given: ExportCase, folder: string, turns: number): Promise<CaseResult> {
  const model = decodeModel(modelFile(given, folder));
  const outputs = new Map<string, Float32Array>();
  const labels: number[] = [];
  const references = new Map<string, string>();
  let floatNodes = 0;
  let count = 0;
  for (let fold = 0; fold < (given.folds ?? 1); fold++) {
    const { calibration, test } = await given.load(folder, fold);
    const { forms, float } = await openForms(given, model, calibration);
    floatNodes = float;
    count += test.count;
    labels.push(...Array.from(test.labels ?? []));
    for (const [name, part] of await runAll(given, test, forms)) {
      outputs.set(name, joined([outputs.get(name) ?? new Float32Array(), part]));
    }
    for (const { name, reference, engine } of forms) {
      references.set(name, reference);
      await engine.release();
    }
  }
  const float32 = outputs.get('float') ?? new Float32Array();
  const rows = [...references].map(([name, reference]): FormRow => {
    const result = outputs.get(name) ?? new Float32Array();
    const expected = outputs.get(reference) ?? new Float32Array();
    const classes = classesOf(result, count);
    const isLabelled = labels.length > 0;
    return {
      model: given.model,
      form: name,
      samples: count,
      top1: isLabelled ? share(classes, labels) : undefined,
      sqnr: finite(signalToNoise(float32, result)),
      toReference: name === reference || name === 'float' ? undefined : finite(signalToNoise(expected, result)),
      agreement: isLabelled ? share(classes, classesOf(expected, count)) : undefined,
      ms: null,
    };
  });
  const result = { model: given.model, data: given.data, rows, speedup: Number.NaN, floatNodes };
  return retime(given, folder, turns, result);
}

/** Only the times, from a short calibration: they do not depend on scales. For a machine that is quiet for a minute. */
export async function retime(given: ExportCase, folder: string, turns: number, known: CaseResult): Promise<CaseResult> {
  const { calibration, test } = await given.load(folder);
  const model = decodeModel(modelFile(given, folder));
  const few = asSource(given, { ...calibration, count: Math.min(calibration.count, 16) });
  const forOrt = await quantizeModel(model, { calibration: few, verifySamples: 0, target: 'ort-x64' });
  const integer = qdqToQOperator(forOrt.model).model;
  const { times, speedup } = await timeAll(given, test, await timedEngines(given, model, forOrt, integer), turns);
  return { ...known, rows: known.rows.map((row) => ({ ...row, ms: times.get(row.form) ?? row.ms })), speedup };
}

// — internals —

/** Every form of a model, quantized with some samples. */
async function openForms(
  given: ExportCase,
  model: Model,
  calibration: SampleSet,
): Promise<{ readonly forms: readonly Form[]; readonly float: number }> {
  const shared = { calibration: asSource(given, calibration), verifySamples: 0 };
  const forOrt = await quantizeModel(model, { ...shared, target: 'ort-x64' });
  const forTensorrt = await quantizeModel(model, { ...shared, target: 'tensorrt-11' });
  const { model: integer, float } = qdqToQOperator(forOrt.model);
  const forms: readonly Form[] = [
    { name: 'float', engine: await ortEngine(model, given, 'optimized'), reference: ours },
    { name: ours, engine: integerEngine(exportedBytes('packed', forOrt), given), reference: ours },
    { name: 'QDQ', engine: await ortEngine(forOrt.model, given, 'optimized'), reference: ours },
    { name: 'QOperator', engine: await ortEngine(integer, given, 'optimized'), reference: ours },
    {
      name: tensorrtReference,
      engine: integerEngine(exportedBytes('packed', forTensorrt), given),
      reference: tensorrtReference,
    },
    {
      name: 'TensorRT placement',
      engine: await ortEngine(forTensorrt.model, given, 'without quantizer passes'),
      reference: tensorrtReference,
    },
    {
      name: 'TensorRT placement, biases rounded by onnxruntime',
      engine: await ortEngine(forTensorrt.model, given, 'optimized'),
      reference: tensorrtReference,
    },
  ];
  return { forms, float: float.length };
}

type TimedForm = 'float' | 'QDQ' | 'QOperator' | typeof ours;

/** Of the low-bit files two sessions each, A B B A, because where a session's memory lies matters as much as the form. */
async function timedEngines(
  given: ExportCase,
  float: Model,
  forOrt: QuantizeResult,
  integer: Model,
): Promise<readonly { readonly name: TimedForm; readonly engine: Engine }[]> {
  return [
    { name: 'float', engine: await ortEngine(float, given, 'optimized') },
    { name: 'QDQ', engine: await ortEngine(forOrt.model, given, 'optimized') },
    { name: 'QOperator', engine: await ortEngine(integer, given, 'optimized') },
    { name: ours, engine: integerEngine(exportedBytes('packed', forOrt), given) },
    { name: 'QOperator', engine: await ortEngine(integer, given, 'optimized') },
    { name: 'QDQ', engine: await ortEngine(forOrt.model, given, 'optimized') },
  ];
}

/** Turns before the first that counts: JavaScript is compiled in steps, after it has run for a while. */
const warmUp = 20;

/** All in turns on one batch, so that the machine's moods hit all alike, with a pause after each for threads that spin. */
async function timeAll(
  given: ExportCase,
  test: SampleSet,
  engines: Awaited<ReturnType<typeof timedEngines>>,
  turns: number,
): Promise<{ times: Map<string, number>; speedup: number }> {
  const x = test.batch(0, given.batch);
  const dims = [given.batch, ...test.dims];
  const timed = engines.map((each) => ({ ...each, ms: [] as number[] }));
  for (let turn = -warmUp; turn < turns; turn++) {
    for (const { engine, ms } of timed) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const start = performance.now();
      await engine.run(x, dims);
      if (turn >= 0) ms.push((performance.now() - start) / given.batch);
    }
  }
  for (const { engine } of timed) await engine.release();
  // The fastest turn of each session: others on the machine only ever add time.
  const fastest = (name: string): number => {
    const own = timed.filter((entry) => entry.name === name);
    return own.reduce((sum, { ms }) => sum + Math.min(...ms), 0) / own.length;
  };
  const times = new Map([...new Set(timed.map(({ name }) => name))].map((name) => [name, fastest(name)]));
  return { times, speedup: fastest('QDQ') / fastest('QOperator') };
}
