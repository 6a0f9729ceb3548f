import { findTarget, type QuantizationSpec } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { writeQdq } from '../../src';
import { tfliteExporter } from '../../src/tflite/tflite-exporter';
import { run } from '../runtime';
import { inputOf, type OperatorCase, operatorCases } from './cases';
import { pythonWithTensorFlow, runTflite, type TfliteJob, type TfliteOutputs } from './tensorflow';
import { wholeSpec } from './whole-spec';

const python = pythonWithTensorFlow();
/** The kernels TFLite brings along, and the delegate it uses by default. */
const resolvers = ['builtin', 'xnnpack'] as const;
/** Float32 sums in another order, in steps: far below a code. */
const roundingSlack = 1e-3;

interface Prepared {
  readonly each: OperatorCase;
  readonly spec: QuantizationSpec;
  readonly job: TfliteJob;
  /** Whether the output stands in NHWC. */
  readonly isImageOut: boolean;
}

async function prepare(each: OperatorCase): Promise<Prepared> {
  const input = inputOf(each);
  const spec = await wholeSpec(each.model, input, each.dims);
  const [file] = tfliteExporter.write(spec, each.model);
  const { notes } = tfliteExporter.check(spec, each.model);
  const isImage = (end: string) => notes.some((note) => note.startsWith(`${end} is an image in NHWC`));
  const order = isImage('Input "x"') ? [0, 2, 3, 1] : each.dims.map((_, i) => i);
  const shape = order.map((axis) => each.dims[axis]!);
  const job = {
    bytes: file!.bytes,
    samples: each.dims[0]!,
    inputs: { x: { data: reordered(input, each.dims, order), shape } },
  };
  return { each, spec, job, isImageOut: isImage('Output "y"') };
}

/** Axis i of the result is axis order[i] of the data. */
function reordered(data: Float32Array, dims: readonly number[], order: readonly number[]): Float32Array {
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = order.map((axis) => dims[axis]!);
  return Float32Array.from(data, (_, to) => {
    let rest = to;
    let from = 0;
    for (let i = sizes.length - 1; i >= 0; i--) {
      from += (rest % sizes[i]!) * strides[order[i]!]!;
      rest = Math.floor(rest / sizes[i]!);
    }
    return data[from]!;
  });
}

/** The output in ONNX order, and the largest distance to the quantized graph as onnxruntime computes it, in codes. */
async function largestDistance({ each, spec, isImageOut }: Prepared, outputs: TfliteOutputs): Promise<number> {
  const reference = (await run(writeQdq(each.model, spec, findTarget('tflite')), each.dims, 'disabled'))['y']!;
  const { data, shape } = outputs['y']!;
  const whole = [each.dims[0]!, ...shape.slice(1)];
  const plain = isImageOut ? reordered(data, whole, [0, 3, 1, 2]) : data;
  expect(plain.length).toBe(reference.length);
  const scale = spec.tensors['y']!.qparams.scale[0]!;
  return plain.reduce((largest, v, i) => Math.max(largest, Math.abs(v - reference[i]!) / scale), 0);
}

async function runAll(path: string): Promise<readonly { prepared: Prepared; outputs: readonly TfliteOutputs[] }[]> {
  const prepared = await Promise.all(operatorCases.map(prepare));
  const jobs = resolvers.flatMap((resolver) => prepared.map(({ job }) => ({ ...job, resolver })));
  const outputs = runTflite(path, jobs);
  return prepared.map((each, i) => ({
    prepared: each,
    outputs: resolvers.map((_, k) => outputs[k * prepared.length + i]!),
  }));
}

describe.skipIf(python === undefined)(
  'TFLite files in TensorFlow’s interpreter (skipped without a Python that has TensorFlow)',
  () => {
    // One process runs all models; the first test waits for it.
    let started: ReturnType<typeof runAll> | undefined;
    const ready = (): ReturnType<typeof runAll> => {
      started ??= runAll(python ?? '');
      return started;
    };

    it.each(operatorCases.map((each, i) => [each.name, i] as const))(
      'computes %s within a code of the quantized graph',
      async (_, i) => {
        const { prepared, outputs } = (await ready())[i]!;
        for (const [k, resolver] of resolvers.entries()) {
          const distance = await largestDistance(prepared, outputs[k]!);
          expect(distance, resolver).toBeLessThanOrEqual(prepared.each.steps + roundingSlack);
        }
      },
      120_000,
    );
  },
);
