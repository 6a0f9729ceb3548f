import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExporter } from '@bitwright/export';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import { quantizeModel, type SampleSource } from '@bitwright/ptq';
import * as ort from 'onnxruntime-node';
import type { ExportCase, SampleSet } from '../export/cases';
import { interpret, type Resolver } from './interpreter';

/** One file in one runtime, and what came out. */
export interface TfliteRow {
  readonly form: string;
  /** Share of right classes; undefined for detectors. */
  readonly top1?: number;
  /** Signal-to-noise ratio of the outputs to float's, in dB. */
  readonly sqnr?: number;
  /** Share of samples with the class of the spec itself. */
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

/**
 * Quantizes a model for TFLite, exports it, and runs float, the spec itself (the QDQ graph without optimization) and the .tflite
 * file on the same samples.
 */
export async function measureTflite(
  given: ExportCase,
  { folder, python, samples }: { readonly folder: string; readonly python: string; readonly samples: number },
): Promise<TfliteCase> {
  const { calibration, test: whole } = await given.load(folder);
  const test = { ...whole, count: Math.min(whole.count, samples) };
  const file = readFileSync(join(folder, 'models', `${given.model}.onnx`));
  const float = decodeModel(file);
  const result = await quantizeModel(float, {
    calibration: asSource(given, calibration),
    verifySamples: 0,
    target: 'tflite',
  });
  const [exported] = findExporter('tflite').write(result.spec, result.floatModel);
  const bytes = exported?.bytes ?? new Uint8Array();
  const outputs = new Map<string, Float32Array>([
    ['float', await run(given, test, float)],
    ['spec, simulated', await run(given, test, result.model)],
  ]);
  for (const resolver of ['builtin', 'xnnpack'] satisfies Resolver[]) {
    outputs.set(`TFLite, ${resolver}`, interpret(python, bytes, test, given, resolver));
  }
  const reference = outputs.get('float') ?? new Float32Array();
  const spec = classesOf(outputs.get('spec, simulated') ?? new Float32Array(), test);
  const rows = [...outputs].map(([form, values]): TfliteRow => {
    const { labels } = test;
    const classes = classesOf(values, test);
    return {
      form,
      ...(form === 'float' ? {} : { sqnr: signalToNoise(reference, values) }),
      ...(labels === undefined ? {} : { top1: share(classes, labels), agreement: share(classes, spec) }),
    };
  });
  const { model, data } = given;
  return { model, data, samples: test.count, floatBytes: file.length, tfliteBytes: bytes.length, rows };
}

// — internals —

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

async function run({ input, output, batch }: ExportCase, test: SampleSet, model: Model): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  });
  const parts: Float32Array[] = [];
  for (let start = 0; start < test.count; start += batch) {
    const n = Math.min(batch, test.count - start);
    const x = new ort.Tensor('float32', test.batch(start, n), [n, ...test.dims]);
    const result = (await session.run({ [input]: x }, [output]))[output];
    parts.push(Float32Array.from(result?.data as Float32Array));
  }
  await session.release();
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    all.set(part, at);
    return at + part.length;
  }, 0);
  return all;
}

function classesOf(outputs: Float32Array, { count }: SampleSet): readonly number[] {
  const classes = outputs.length / count;
  return Array.from({ length: count }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((outputs[i * classes + c] as number) > (outputs[i * classes + best] as number)) best = c;
    }
    return best;
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
    const value = signal[i] as number;
    power += value * value;
    noise += (value - (noisy[i] as number)) ** 2;
  }
  return 10 * Math.log10(power / noise);
}
