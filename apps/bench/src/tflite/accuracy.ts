import { decodeModel } from '@bitwright/onnx';
import { quantizeModel } from '@bitwright/ptq';
import { asSource, type ExportCase, modelFile } from '../export/cases';
import { integerEngine, ortEngine, runAll } from '../export/engines';
import { exportedBytes } from '../export/exported-bytes';
import { classesOf, finite, joined, share, signalToNoise } from '../export/scores';
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

const resolvers: readonly { readonly resolver: Resolver; readonly expected: string }[] = [
  { resolver: 'builtin', expected: reference },
  { resolver: 'xnnpack', expected: floatReference },
];

interface FormOutputs {
  /** The form it is compared with: the integer reference in the same rounding. */
  readonly expected: string;
  readonly values: Float32Array;
}

/**
 * Quantizes a model for TFLite, exports it, and runs float, the spec's integer reference (the packed model in our own runtime) and the
 * .tflite file on the same samples.
 */
export async function measureTflite(
  given: ExportCase,
  { folder, python, samples }: { readonly folder: string; readonly python: string; readonly samples: number },
): Promise<TfliteCase> {
  const file = modelFile(given, folder);
  const float = decodeModel(file);
  const outputs = new Map<string, FormOutputs>();
  const labels: number[] = [];
  let [count, tfliteBytes] = [0, 0];
  for (let fold = 0; fold < (given.folds ?? 1); fold++) {
    const { calibration, test: whole } = await given.load(folder, fold);
    const test = { ...whole, count: Math.min(whole.count, samples) };
    const options = { calibration: asSource(given, calibration), verifySamples: 0, target: 'tflite' };
    const quantized = await quantizeModel(float, options);
    const [tflite, packed] = [exportedBytes('tflite', quantized), exportedBytes('packed', quantized)];
    const engines = [
      { name: 'float', expected: reference, engine: await ortEngine(float, given, 'optimized') },
      { name: reference, expected: reference, engine: integerEngine(packed, given) },
      { name: floatReference, expected: floatReference, engine: integerEngine(packed, given, 'float') },
    ];
    const ours = await runAll(given, test, engines);
    for (const { engine } of engines) await engine.release();
    const parts: readonly (FormOutputs & { readonly form: string })[] = [
      ...engines.map(({ name, expected }) => ({ form: name, expected, values: ours.get(name) ?? new Float32Array() })),
      ...resolvers.map(({ resolver, expected }) => ({
        form: `TFLite, ${resolver}`,
        expected,
        values: interpret(python, tflite, test, given, resolver),
      })),
    ];
    for (const { form, expected, values } of parts) {
      outputs.set(form, { expected, values: joined([outputs.get(form)?.values ?? new Float32Array(), values]) });
    }
    labels.push(...Array.from(test.labels ?? []).slice(0, test.count));
    count += test.count;
    tfliteBytes = tflite.length;
  }
  const outputsOf = (form: string): Float32Array => {
    const found = outputs.get(form);
    if (found === undefined) throw new Error(`${given.model} has no outputs of "${form}"`);
    return found.values;
  };
  const float32 = outputsOf('float');
  const rows = [...outputs].map(([form, { values, expected: other }]): TfliteRow => {
    const classes = classesOf(values, count);
    const expected = outputsOf(other);
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
