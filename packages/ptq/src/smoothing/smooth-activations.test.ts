import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeModel, floatAttribute, intAttribute, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import {
  constant,
  imageFeed,
  network,
  node,
  outputsOf,
  relativeDifference,
  relu,
  unevenWeight,
} from '../equalization/__fixtures__/networks';
import { prepareModel } from '../prepare-model';
import { asSampleSource } from '../sample-source';
import { loadRuntime } from '../session';
import { observeChannelMaxima } from './channel-maxima';
import { smoothActivations, smoothableTensors, smoothingFactors } from './smooth-activations';

const runtime = await loadRuntime();
const feed = imageFeed([4, 10, 8], 3);
const source = asSampleSource([{ x: feed }]);
const products = [node('MatMul', ['h', 'q'], 'hq'), node('MatMul', ['h', 'k'], 'hk'), node('Add', ['hq', 'hk'], 'y')];
const weights = [unevenWeight('q', [8, 6], 1), unevenWeight('k', [8, 6], 2)];
const rows = [unevenWeight('gain', [8], 3), unevenWeight('shift', [8], 4)];

/** What produces h, for two products to read. */
const producers: Readonly<Record<string, Model>> = {
  LayerNormalization: network({
    nodes: [
      node('LayerNormalization', ['x', 'gain', 'shift'], 'h', [
        intAttribute('axis', -1),
        floatAttribute('epsilon', 1e-5),
      ]),
      ...products,
    ],
    constants: [...weights, ...rows],
    input: ['N', 10, 8],
    outputs: ['y'],
  }),
  'a Mul by a row and an Add of a row': network({
    nodes: [node('Tanh', ['x'], 't'), node('Mul', ['gain', 't'], 'g'), node('Add', ['g', 'shift'], 'h'), ...products],
    constants: [...weights, ...rows],
    input: ['N', 10, 8],
    outputs: ['y'],
  }),
  'a Mul by one number': network({
    nodes: [node('Tanh', ['x'], 't'), node('Mul', ['t', 'three'], 'h'), ...products],
    constants: [...weights, constant('three', [], [3])],
    input: ['N', 10, 8],
    outputs: ['y'],
  }),
  'a product behind Relu': network({
    nodes: [node('MatMul', ['x', 'w'], 'm'), relu('m', 'h'), ...products],
    constants: [...weights, unevenWeight('w', [8, 8], 5, 1)],
    input: ['N', 10, 8],
    outputs: ['y'],
  }),
  'a gate': network({
    nodes: [node('MatMul', ['x', 'w'], 'u'), node('Sigmoid', ['x'], 'g'), node('Mul', ['g', 'u'], 'h'), ...products],
    constants: [...weights, unevenWeight('w', [8, 8], 5, 1)],
    input: ['N', 10, 8],
    outputs: ['y'],
  }),
};

const observe = (model: Model, tensors = smoothableTensors(model)) =>
  observeChannelMaxima(model, { runtime, source, tensors });

describe('smoothActivations', () => {
  it.each(Object.entries(producers))('keeps the float function behind %s', async (_, model) => {
    const maxima = await observe(model);
    const result = smoothActivations(model, maxima);
    expect(result.smoothed.map(({ tensor, readers, isInserted }) => [tensor, readers, isInserted])).toEqual([
      ['h', ['MatMul_hq', 'MatMul_hk'], false],
    ]);
    const [a, b] = [await outputsOf(runtime, model, feed), await outputsOf(runtime, result.model, feed)];
    expect(relativeDifference(a, b)).toBeLessThan(1e-4);
  });

  it('divides the observed maxima by the factors', async () => {
    const model = producers['LayerNormalization']!;
    const [before, result] = [await observe(model), smoothActivations(model, await observe(model), { alpha: 0.8 })];
    const after = (await observe(result.model)).get('h')!;
    const ratios = after.map((max, c) => before.get('h')![c]! / max);
    expect(Math.max(...ratios) / result.smoothed[0]!.largestFactor).toBeCloseTo(1, 4);
    expect(Math.min(...ratios) / result.smoothed[0]!.smallestFactor).toBeCloseTo(1, 4);
    expect(result.smoothed[0]!.outlierRatioAfter).toBeLessThan(result.smoothed[0]!.outlierRatioBefore);
  });

  it('gives activations and weights the same maxima at alpha 0.5', async () => {
    const model = producers['a Mul by a row and an Add of a row']!;
    const result = smoothActivations(model, await observe(model));
    const after = (await observe(result.model)).get('h')!;
    const largest = new Float64Array(8);
    for (const name of ['q', 'k']) {
      const tensor = result.model.graph!.initializer.find((t) => t.name === name)!;
      new Float32Array(tensor.rawData.slice().buffer).forEach((w, i) => {
        largest[Math.floor(i / 6)] = Math.max(largest[Math.floor(i / 6)]!, Math.abs(w));
      });
    }
    after.forEach((max, c) => {
      expect(max / largest[c]!).toBeCloseTo(1, 4);
    });
  });

  it('inserts a Mul only when asked to, where nothing can take the factor up', async () => {
    const model = network({
      nodes: [node('Sigmoid', ['x'], 'h'), ...products],
      constants: weights,
      input: ['N', 10, 8],
      outputs: ['y'],
    });
    expect(smoothableTensors(model)).toEqual([]);
    const maxima = await observe(model, smoothableTensors(model, { insertMul: true }));
    expect(smoothActivations(model, maxima).skipped).toEqual([
      { tensor: 'h', reason: '"Sigmoid_h" cannot take a factor per channel up' },
    ]);
    const result = smoothActivations(model, maxima, { insertMul: true });
    expect(result.model.graph?.node.map((n) => n.opType)).toEqual(['Sigmoid', 'Mul', 'MatMul', 'MatMul', 'Add']);
    const [a, b] = [await outputsOf(runtime, model, feed), await outputsOf(runtime, result.model, feed)];
    expect(relativeDifference(a, b)).toBeLessThan(1e-4);
  });

  it('leaves tensors alone whose channels are even enough, when asked to', async () => {
    const model = producers['LayerNormalization']!;
    const { skipped, smoothed } = smoothActivations(model, await observe(model), { outlierRatio: 1e6 });
    expect(smoothed).toEqual([]);
    expect(skipped.find((entry) => entry.tensor === 'h')?.reason).toMatch(/its largest channel is .* times the median/);
  });

  it('skips tensors that something else reads too', async () => {
    const model = network({
      nodes: [node('Mul', ['x', 'gain'], 'h'), ...products, node('Neg', ['h'], 'n')],
      constants: [...weights, ...rows],
      input: ['N', 10, 8],
      outputs: ['y', 'n'],
    });
    expect(smoothActivations(model, new Map()).skipped).toEqual([
      { tensor: 'h', reason: 'it is read by Neg "Neg_n": it is no matrix product' },
    ]);
  });

  it('refuses maxima that do not fit, and alpha out of range', () => {
    const model = producers['LayerNormalization']!;
    expect(() => smoothActivations(model, new Map([['h', [1, 2]]]))).toThrow(/8 channel maxima for tensor "h"/);
    expect(() => smoothActivations(model, new Map(), { alpha: 2 })).toThrow(/alpha within \[0, 1\]/);
  });

  it('gives unused channels the factor 1', () => {
    expect(smoothingFactors([0, 4, 4], [1, 0, 1], 0.5)).toEqual(Float64Array.of(1, 1, 2));
  });
});

const shared = resolve(process.env['BITWRIGHT_SHARED'] ?? resolve(import.meta.dirname, '../../../../../shared'));
const path = resolve(shared, 'data/models/tinylm_llama_233k.onnx');

describe.skipIf(!existsSync(path))('smoothActivations on a small language model (needs the shared models)', () => {
  it('smooths every normalized stream and every gate, and keeps the logits', async () => {
    const { model } = prepareModel(decodeModel(readFileSync(path)));
    const tokens = BigInt64Array.from({ length: 64 }, (_, i) => BigInt((i * 37) % 512));
    const x = { type: 'int64' as const, data: tokens, dims: [2, 32] };
    const [input = ''] = model.graph?.input.map((info) => info.name) ?? [];
    const maxima = await observeChannelMaxima(model, {
      runtime,
      source: asSampleSource([{ [input]: x }]),
      tensors: smoothableTensors(model),
    });
    const result = smoothActivations(model, maxima);
    expect(result.smoothed.filter(({ readers }) => readers.length === 3).length).toBeGreaterThan(1);
    const logits = async (m: Model): Promise<Float32Array> => {
      const { encodeModel } = await import('@bitwright/onnx');
      const session = await runtime.createSession(encodeModel(m));
      const results = await session.run({ [input]: x });
      await session.release();
      return Object.values(results)[0]!.data as Float32Array;
    };
    expect(relativeDifference(await logits(model), await logits(result.model))).toBeLessThan(1e-4);
  });
});
