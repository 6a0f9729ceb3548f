import { findTarget } from '@bitwright/core';
import { findExporter } from '@bitwright/export';
import { describe, expect, it } from 'vitest';
import { loadPackedModel } from '../src/index';
import { networks } from './networks';
import { pythonWithTensorFlow, tfliteCodes } from './tensorflow';
import { packed, sizeOf, specFor, values } from './toy-network';

const python = pythonWithTensorFlow();
const target = findTarget('tflite');
/** Kernels of the interpreter, and how they round accumulators: the plain and the optimized ones twice, XNNPACK once. */
const kernels = [
  { resolver: 'reference', requantization: 'fixedPointTwice' },
  { resolver: 'builtin', requantization: 'fixedPointTwice' },
  { resolver: 'xnnpack', requantization: 'float' },
] as const;

/** Networks of images. */
const names = Object.keys(networks).filter((name) => networks[name]!.dims.length === 4);

/** Codes by which tensors may differ from the plain kernels and XNNPACK; all others are equal. */
const steps: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // AVERAGE_POOL_2D keeps its scale; a QUANTIZE to the scale of the spec rounds again.
  AveragePool: { m: 2 },
  'AveragePool that counts its padding': { m: 2 },
  // The plain kernels multiply and take means in fixed point, ours in float32.
  'Mul and Add of a constant per channel': { p: 1, m: 1 },
  'a channel scaled by a pooled branch': { g: 1, h: 1, e: 1, m: 1 },
  // LOGISTIC, TANH and LEAKY_RELU write scales of their own; a QUANTIZE follows.
  'Concat of two grids': { s: 1, m: 1 },
  'Split, LeakyRelu and Concat': { n: 1, m: 1 },
  'real functions between codes': { t: 1 },
};

/** The optimized kernels round a few accumulators otherwise, and take tables of 16 bits and polynomials for these. */
const optimizedSteps: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'Concat of two grids': { s: 3 },
  'real functions between codes': { t: 5 },
};

/** Between the two Reshapes of "Transpose, Reshape and back", axes 1 to 3 are not those of an image. */
const otherAxes = new Set(['i']);

function channelsLast<T extends Float32Array | Int8Array>(data: T, [n, c, ...sizes]: readonly number[]): T {
  const out = data.slice() as T;
  const plane = sizeOf(sizes);
  for (let i = 0; i < data.length; i++) {
    const [pixel, channel] = [i % plane, Math.floor(i / plane) % c!];
    out[(Math.floor(i / (plane * c!)) * plane + pixel) * c! + channel] = data[i]!;
  }
  expect(data.length).toBe(n! * c! * plane);
  return out;
}

function prepare(name: string) {
  const network = networks[name]!;
  const data = values(sizeOf(network.dims), 7);
  const spec = specFor(network, target, data);
  const [n, c, h, w] = network.dims as [number, number, number, number];
  const tensors = Object.keys(spec.tensors).filter((tensor) => spec.tensors[tensor]!.role === 'activation');
  const bytes = findExporter('tflite').write(spec, network.model)[0]!.bytes;
  const file = packed(network.model, spec);
  const seen = kernels.map(({ requantization }) =>
    loadPackedModel(file, { requantization }).run({ x: { data, shape: network.dims } }, { observe: tensors }),
  );
  const run = { bytes, data: channelsLast(data, network.dims), shape: [n, h, w, c], tensors };
  return { seen, run };
}

describe.skipIf(python === undefined)(
  'the integer reference beside TFLite, tensor by tensor (skipped without a Python that has TensorFlow)',
  () => {
    const all = new Map(names.map((name) => [name, prepare(name)]));
    const runs = names.flatMap((name) => kernels.map(({ resolver }) => ({ ...all.get(name)!.run, resolver })));
    let results: ReturnType<typeof tfliteCodes> | undefined;

    it.each(names)(
      '%s',
      (name) => {
        results ??= tfliteCodes(python!, runs);
        const { seen } = all.get(name)!;
        for (const [k, { resolver }] of kernels.entries()) {
          const codes = results[names.indexOf(name) * kernels.length + k]!;
          const compared = [...codes].filter(([tensor, theirs]) => {
            const own = seen[k]![tensor];
            const isSame = own?.codes instanceof Int8Array && own.codes.length === theirs.length;
            if (!isSame || otherAxes.has(tensor)) return false;
            const ours = own.shape.length === 4 ? channelsLast(own.codes as Int8Array, own.shape) : own.codes;
            const distance = ours?.reduce((most, code, i) => Math.max(most, Math.abs(code - theirs[i]!)), 0);
            const room = steps[name]?.[tensor] ?? 0;
            const most = resolver === 'builtin' ? (optimizedSteps[name]?.[tensor] ?? room + 1) : room;
            expect(distance, `${tensor}, ${resolver}`).toBeLessThanOrEqual(most);
            return true;
          });
          expect(compared.length).toBeGreaterThan(1);
        }
      },
      120_000,
    );
  },
);
