import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExporter } from '@bitwright/export';
import { decodeModel } from '@bitwright/onnx';
import { quantizeModel, type SampleSource } from '@bitwright/ptq';
import type { ExportCase, SampleSet } from '../export/cases';
import { type Engine, integerEngine, ortEngine } from '../export/engines';
import { classesOf, joined, share, signalToNoise } from '../export/scores';
import { interpret, type Resolver } from './interpreter';

/** One file in one runtime, and what came out. */
export interface TfliteRow {
  readonly form: string;
  /** Share of right classes; undefined for detectors. */
  readonly top1?: number;
  /** Signal-to-noise ratio of the outputs to float's, in dB. */
  readonly sqnr?: number;
  /** Signal-to-noise ratio of the outputs to those of the integer reference in the same rounding, in dB; null: equal. */
  readonly toReference?: number | null;
  /** Share of samples with the class of the integer reference. */
  readonly agreement?: number;
}

export interface TfliteCase {
  readonly model: string;
  readonly data: string;
  readonly samples: number;
  readonly floatBytes: number;
  readonly tfliteBytes: number;
  readonly rows: readonly TfliteRow[];
}

/** Rounding as TFLite's own kernels do, twice in fixed point, and as XNNPACK does, once in float32. */
const reference = 'spec, integer reference';
const floatReference = 'spec, integer reference in XNNPACK’s rounding';

/**
 * Quantizes a model for TFLite, exports it, and runs float, the spec's integer reference (the packed model in our own runtime) and the
 * .tflite file on the same samples.
 */
export async function measureTflite(
  given: ExportCase,
  { folder, python, samples }: { readonly folder: string; readonly python: string; readonly samples: number },
): Promise<TfliteCase> {
  const file = readFileSync(join(folder, 'models', `${given.model}.onnx`));
  const float = decodeModel(file);
  const outputs = new Map<string, Float32Array>();
  const labels: number[] = [];
  let [count, tfliteBytes] = [0, 0];
  for (let fold = 0; fold < (given.folds ?? 1); fold++) {
    const { calibration, test: whole } = await given.load(folder, fold);
    const test = { ...whole, count: Math.min(whole.count, samples) };
    const options = { calibration: asSource(given, calibration), verifySamples: 0, target: 'tflite' };
    const { spec, floatModel } = await quantizeModel(float, options);
    const bytesOf = (format: string): Uint8Array =>
      findExporter(format).write(spec, floatModel)[0]?.bytes ?? new Uint8Array();
    const tflite = bytesOf('tflite');
    const parts: [string, Float32Array][] = [
      ['float', await run(given, test, await ortEngine(float, given, 'optimized'))],
      [reference, await run(given, test, integerEngine(bytesOf('packed'), given))],
      [floatReference, await run(given, test, integerEngine(bytesOf('packed'), given, 'float'))],
      ...(['builtin', 'xnnpack'] satisfies Resolver[]).map((resolver): [string, Float32Array] => [
        `TFLite, ${resolver}`,
        interpret(python, tflite, test, given, resolver),
      ]),
    ];
    for (const [form, part] of parts) outputs.set(form, joined([outputs.get(form) ?? new Float32Array(), part]));
    labels.push(...Array.from(test.labels ?? []).slice(0, test.count));
    count += test.count;
    tfliteBytes = tflite.length;
  }
  const float32 = outputs.get('float') ?? new Float32Array();
  const rows = [...outputs].map(([form, values]): TfliteRow => {
    const classes = classesOf(values, count);
    const expected =
      outputs.get(form.includes('xnnpack') || form === floatReference ? floatReference : reference) ??
      new Float32Array();
    return {
      form,
      ...(form === 'float' ? {} : { sqnr: signalToNoise(float32, values) }),
      ...(form.startsWith('TFLite') ? { toReference: finite(signalToNoise(expected, values)) } : {}),
      ...(labels.length === 0
        ? {}
        : { top1: share(classes, labels), agreement: share(classes, classesOf(expected, count)) }),
    };
  });
  const { model, data } = given;
  return { model, data, samples: count, floatBytes: file.length, tfliteBytes, rows };
}

// — internals —

/** At most the batch of the case: some models fix theirs. */
function asSource({ input, batch }: ExportCase, set: SampleSet): SampleSource {
  return {
    length: set.count,
    description: `${set.count} samples`,
    async *batches(wanted) {
      const size = Math.min(wanted, batch);
      for (let start = 0; start < set.count; start += size) {
        const n = Math.min(size, set.count - start);
        yield { [input]: { type: 'float32', data: set.batch(start, n), dims: [n, ...set.dims] } };
      }
    },
  };
}

async function run({ batch }: ExportCase, test: SampleSet, engine: Engine): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let start = 0; start < test.count; start += batch) {
    const n = Math.min(batch, test.count - start);
    parts.push(await engine.run(test.batch(start, n), [n, ...test.dims]));
  }
  await engine.release();
  return joined(parts);
}

/** JSON has no Infinity: null. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
