import { findTarget } from '@bitwright/core';
import { findExporter } from '@bitwright/export';
import { describe, expect, it } from 'vitest';
import { loadPackedModel } from '../src/index';
import { networks } from './networks';
import { pythonWithTensorFlow, tfliteCodes } from './tensorflow';
import { packed, sizeOf, specFor, values } from './toy-network';

const python = pythonWithTensorFlow();
const target = findTarget('tflite');
const resolvers = ['builtin', 'xnnpack'] as const;

/** Networks of images. */
const names = Object.keys(networks).filter((name) => networks[name]!.dims.length === 4);

/** Tensors more than one code apart, and why. */
const steps: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // A sum of two codes that may differ by one each.
  'residual block, pool and classifier': { r2: 2 },
  // AVERAGE_POOL_2D keeps its scale; a QUANTIZE to the scale of the spec rounds again.
  AveragePool: { m: 2 },
  'AveragePool that counts its padding': { m: 2 },
  // LOGISTIC and TANH write 1/256 and 1/128, by tables of 16 bits or polynomials; a QUANTIZE to finer scales spreads their last bit.
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
  const seen = loadPackedModel(packed(network.model, spec)).run(
    { x: { data, shape: network.dims } },
    { observe: tensors },
  );
  const run = { bytes, data: channelsLast(data, network.dims), shape: [n, h, w, c], tensors };
  return { seen, run, isImage: (shape: readonly number[]) => shape.length === 4 };
}

describe.skipIf(python === undefined)(
  'the integer reference beside TFLite, tensor by tensor (skipped without a Python that has TensorFlow)',
  () => {
    const all = new Map(names.map((name) => [name, prepare(name)]));
    const runs = names.flatMap((name) => resolvers.map((resolver) => ({ ...all.get(name)!.run, resolver })));
    let results: ReturnType<typeof tfliteCodes> | undefined;

    it.each(names)(
      '%s',
      (name) => {
        results ??= tfliteCodes(python!, runs);
        const { seen } = all.get(name)!;
        for (const [k, resolver] of resolvers.entries()) {
          const codes = results[names.indexOf(name) * resolvers.length + k]!;
          const compared = [...codes].filter(([tensor, theirs]) => {
            const own = seen[tensor];
            const isSame = own?.codes instanceof Int8Array && own.codes.length === theirs.length;
            if (!isSame || otherAxes.has(tensor)) return false;
            const ours = own.shape.length === 4 ? channelsLast(own.codes as Int8Array, own.shape) : own.codes;
            const distance = ours?.reduce((most, code, i) => Math.max(most, Math.abs(code - theirs[i]!)), 0);
            expect(distance, `${tensor}, ${resolver}`).toBeLessThanOrEqual(steps[name]?.[tensor] ?? 1);
            return true;
          });
          expect(compared.length).toBeGreaterThan(1);
        }
      },
      120_000,
    );
  },
);
