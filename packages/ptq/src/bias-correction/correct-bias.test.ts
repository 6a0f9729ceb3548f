import { findTarget, minMaxObserver, perTensor, type QuantizationSpec, type Target, withScheme } from '@bitwright/core';
import { planPlacement, writeQdq } from '@bitwright/export';
import type { Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { buildSpec } from '../build-spec';
import { calibrateExtremes } from '../calibrate';
import {
  channelMaxima,
  constant,
  conv,
  depthwiseNetwork,
  imageFeed,
  network,
  node,
  relu,
  relu6,
  unevenWeight,
} from '../equalization/__fixtures__/networks';
import { batchNormStatistics } from '../equalization/batch-norm-statistics';
import { observeChannels } from '../equalization/channel-statistics';
import type { SampleSource } from '../feeds';
import { prepareModel } from '../prepare-model';
import { asSampleSource } from '../sample-source';
import { loadRuntime } from '../session';
import { correctBias } from './correct-bias';
import { correctBiasFromStatistics } from './correct-bias-from-statistics';
import { fakeQuantizeWeights } from './fake-quantized-weights';
import { layerInputTensors } from './layer-input-tensors';

const runtime = await loadRuntime();
const base = findTarget('ort-x64');
const target: Target = {
  ...base,
  schemes: {
    ...base.schemes,
    weight: withScheme(base.schemes.weight, { granularity: perTensor, qmin: -15, qmax: 15 }),
  },
};
const batches = (count: number, size = 8): SampleSource =>
  asSampleSource(Array.from({ length: count }, (_, i) => ({ x: imageFeed([size, 3, 8, 8], 100 + i) })));

async function specOf(model: Model, source: SampleSource): Promise<QuantizationSpec> {
  const placement = planPlacement(model, { target });
  const tensors = [...placement.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
  const { observers } = await calibrateExtremes(model, { runtime, source, tensors, batchSize: 8, limit: 64 });
  const range = { id: 'fullRange', observer: minMaxObserver, selectRange: (stats: { range: never }) => stats.range };
  return buildSpec({
    model,
    placement,
    observers,
    activationRange: range as never,
    weightRange: range as never,
    provenance: { tool: { name: 'test', version: '0' } },
  });
}

/** Largest |E[ỹ] − E[y]| over the channels of some layers, in units of the largest |E[y]| of that layer. */
async function meanErrors(
  float: Model,
  quantized: Model,
  tensors: readonly string[],
  source: SampleSource,
): Promise<number[]> {
  const options = { runtime, source, tensors: tensors.map((tensor) => ({ tensor, axis: 1 })) };
  const [a, b] = [await observeChannels(float, options), await observeChannels(quantized, options)];
  return tensors.map((tensor) => {
    const [x, y] = [a.get(tensor)!.mean, b.get(tensor)!.mean];
    const largest = x.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    return x.reduce((max, v, c) => Math.max(max, Math.abs(v - y[c]!)), 0) / largest;
  });
}

const layers = ['c1', 'c2', 'c3', 'y'];

describe('correctBias', () => {
  const source = batches(4);

  it('takes the mean error of every layer away in one pass, with quantized weights', async () => {
    const model = depthwiseNetwork();
    const spec = await specOf(model, source);
    const before = await meanErrors(model, fakeQuantizeWeights(model, spec), layers, source);
    const result = await correctBias(model, spec, { runtime, source, target, activations: 'float', batchSize: 32 });
    const after = await meanErrors(model, fakeQuantizeWeights(result.model, spec), layers, source);
    for (const [i, error] of after.entries()) expect(error).toBeLessThan(before[i]! / 20);
    expect(result.layers.map(({ node, bias, isAdded }) => [node, bias, isAdded])).toEqual([
      ['Conv_c1', 'c1.b', false],
      ['Conv_c2', 'c2.b', false],
      ['Conv_c3', 'c3.b', false],
      ['Gemm_y', 'fc.b', false],
    ]);
    expect(result.samples).toBe(32);
  });

  it('corrects what the exported model does, activations included', async () => {
    const model = depthwiseNetwork();
    const spec = await specOf(model, source);
    const before = await meanErrors(model, writeQdq(model, spec, target), ['y'], source);
    const { model: corrected } = await correctBias(model, spec, { runtime, source, target });
    const after = await meanErrors(model, writeQdq(corrected, spec, target), ['y'], source);
    expect(after[0]!).toBeLessThan(before[0]! / 3);
  });

  it('leaves little to correct the second time, and a refinement even less', async () => {
    const model = depthwiseNetwork(relu6);
    const spec = await specOf(model, source);
    const largest = async (m: Model, refinements = 0): Promise<number> => {
      const result = await correctBias(m, spec, {
        runtime,
        source,
        target,
        activations: 'float',
        batchSize: 1,
        refinements,
      });
      const errors = await meanErrors(model, fakeQuantizeWeights(result.model, spec), layers, source);
      return Math.max(...errors);
    };
    const [uncorrected] = [Math.max(...(await meanErrors(model, fakeQuantizeWeights(model, spec), layers, source)))];
    const [once, refined] = [await largest(model), await largest(model, 2)];
    expect(once).toBeLessThan(uncorrected / 2);
    expect(refined).toBeLessThan(once);
    expect(refined).toBeLessThan(uncorrected / 20);
  });

  it('adds a bias where a layer has none, and says so', async () => {
    const bare = network({
      nodes: [conv('c1', 'x', [4, 3, 3], 1), relu('c1', 'a'), node('Conv', ['a', 'w'], 'c2')],
      constants: [unevenWeight('w', [5, 4, 1, 1], 3)],
      input: ['N', 3, 8, 8],
      outputs: ['c2'],
    });
    const spec = await specOf(bare, source);
    const result = await correctBias(bare, spec, { runtime, source, target });
    expect(result.layers.at(-1)).toMatchObject({ node: 'Conv_c2', bias: 'c2_bias', isAdded: true });
    expect(result.model.graph?.node.at(-1)?.input).toEqual(['a', 'w', 'c2_bias']);
    expect(bare.graph?.node.at(-1)?.input).toEqual(['a', 'w']);
  });

  it('corrects the Add behind a MatMul, and skips a MatMul without one', async () => {
    const model = network({
      nodes: [
        node('MatMul', ['x', 'w1'], 'm1'),
        node('Add', ['m1', 'b1'], 's1'),
        relu('s1', 'a1'),
        node('MatMul', ['a1', 'w2'], 'y'),
      ],
      constants: [unevenWeight('w1', [8, 7], 1, 1), unevenWeight('b1', [7], 2), unevenWeight('w2', [7, 3], 3)],
      input: ['N', 3, 8, 8],
      outputs: ['y'],
    });
    const spec = await specOf(model, source);
    const result = await correctBias(model, spec, { runtime, source, target });
    expect(result.layers).toMatchObject([{ node: 'MatMul_m1', bias: 'b1' }]);
    expect(result.skipped).toEqual([{ node: 'MatMul_y', reason: 'it has no bias, and no Add of a constant follows' }]);
    expect(channelMaxima(result.model, 'b1', 0)).not.toEqual(channelMaxima(model, 'b1', 0));
  });

  it('refuses no samples and options out of range', async () => {
    const model = depthwiseNetwork();
    const spec = await specOf(model, source);
    await expect(correctBias(model, spec, { runtime, source: asSampleSource([]), target })).rejects.toThrow(
      /at least one sample/,
    );
    await expect(correctBias(model, spec, { runtime, source, target, refinements: -1 })).rejects.toThrow(/refinements/);
  });
});

describe('correctBiasFromStatistics', () => {
  const normalized = network({
    nodes: [
      conv('c1', 'x', [16, 3, 1], 1),
      node('BatchNormalization', ['c1', 'g', 'b', 'm', 'v'], 'n1'),
      relu('n1', 'a1'),
      conv('c2', 'a1', [16, 1, 1], 3, 16),
      conv('c3', 'c2', [8, 16, 1], 5),
    ],
    constants: [
      constant(
        'g',
        [16],
        Array.from({ length: 16 }, (_, i) => 0.5 + (i % 3)),
      ),
      constant(
        'b',
        [16],
        Array.from({ length: 16 }, (_, i) => (i % 5) - 2),
      ),
      constant('m', [16], new Array(16).fill(0)),
      constant('v', [16], new Array(16).fill(1)),
    ],
    input: ['N', 3, 8, 8],
    outputs: ['c3'],
  });

  it('takes ε̄·E[x] out of the bias of layers behind a normalization', async () => {
    const model = prepareModel(normalized).model;
    const source = batches(1);
    const spec = await specOf(model, source);
    const statistics = batchNormStatistics(normalized);
    const result = correctBiasFromStatistics(model, spec, statistics);
    expect(result.layers.map((layer) => layer.node)).toEqual(['Conv_c2']);
    expect(result.skipped.map((layer) => layer.node)).toEqual(['Conv_c1', 'Conv_c3']);
    expect(result.skipped[0]!.reason).toBe('the mean of its input "x" does not follow from statistics');
  });

  it('corrects every layer by itself from the observed means of its inputs', async () => {
    const model = network({
      nodes: [conv('c1', 'x', [6, 3, 1], 1), relu('c1', 'a1'), conv('c2', 'a1', [4, 6, 1], 3)],
      input: ['N', 3, 8, 8],
      outputs: ['c2'],
    });
    const source = batches(4);
    const spec = await specOf(model, source);
    const tensors = layerInputTensors(model);
    expect(tensors).toEqual([
      { tensor: 'x', axis: 1 },
      { tensor: 'a1', axis: 1 },
    ]);
    const statistics = await observeChannels(model, { runtime, source, tensors });
    const result = correctBiasFromStatistics(model, spec, statistics);
    expect(result.layers.map((layer) => layer.node)).toEqual(['Conv_c1', 'Conv_c2']);
    const error = async (m: Model): Promise<number> =>
      (await meanErrors(model, fakeQuantizeWeights(m, spec), ['c1'], source))[0]!;
    expect(await error(result.model)).toBeLessThan((await error(model)) / 100);
  });

  it('agrees with the empirical correction where inputs really are normal', async () => {
    const model = network({
      nodes: [relu('x', 'a'), conv('c1', 'a', [8, 3, 1], 1)],
      input: ['N', 3, 8, 8],
      outputs: ['c1'],
    });
    const normal = (seed: number) => {
      const parts = Array.from({ length: 12 }, (_, i) => imageFeed([64, 3, 8, 8], seed + i).data as Float32Array);
      // The sum of twelve uniforms of variance 1/3 has variance 4.
      return {
        type: 'float32' as const,
        dims: [64, 3, 8, 8],
        data: parts[0]!.map((_, k) => 0.7 + parts.reduce((sum, part) => sum + part[k]!, 0)),
      };
    };
    const source = asSampleSource([{ x: normal(1) }, { x: normal(50) }]);
    const spec = await specOf(model, source);
    const statistics = new Map([['x', { mean: Float64Array.of(0.7, 0.7, 0.7), std: Float64Array.of(2, 2, 2) }]]);
    const analytic = correctBiasFromStatistics(model, spec, statistics).layers[0]!;
    const empirical = (await correctBias(model, spec, { runtime, source, target, activations: 'float', batchSize: 64 }))
      .layers[0]!;
    expect(analytic.largestShift / empirical.largestShift).toBeCloseTo(1, 1);
    expect(analytic.meanShift / empirical.meanShift).toBeCloseTo(1, 1);
  });
});
