import { intAttribute } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { prepareModel } from '../prepare-model';
import { asSampleSource } from '../sample-source';
import { loadRuntime } from '../session';
import { constant, conv, imageFeed, network, node, relu } from './__fixtures__/networks';
import { batchNormStatistics } from './batch-norm-statistics';
import { observeChannels } from './channel-statistics';
import { equalizeWeights } from './equalize-weights';

const runtime = await loadRuntime();

/** conv – BatchNorm – Identity – Relu – conv – BatchNorm. */
const model = network({
  nodes: [
    conv('c1', 'x', [4, 3, 3], 1),
    node('BatchNormalization', ['c1', 'g', 'b', 'm', 'v'], 'n1'),
    node('Identity', ['n1'], 'i1'),
    relu('i1', 'a'),
    conv('c2', 'a', [4, 4, 3], 3),
    node('BatchNormalization', ['c2', 'g', 'b', 'm', 'v'], 'n2'),
  ],
  constants: [
    constant('g', [4], [1, -2, 0.5, 3]),
    constant('b', [4], [0, 1, -1, 4]),
    constant('m', [4], [0.1, 0.2, 0.3, 0.4]),
    constant('v', [4], [1, 2, 3, 4]),
  ],
  input: ['N', 3, 8, 8],
  outputs: ['n2'],
});

describe('batchNormStatistics', () => {
  it('gives β and |γ| under the names that folding keeps', () => {
    const statistics = batchNormStatistics(model);
    expect([...statistics.keys()]).toEqual(['n1', 'n2']);
    expect(statistics.get('n1')).toEqual({ mean: Float64Array.of(0, 1, -1, 4), std: Float64Array.of(1, 2, 0.5, 3) });
    const values = new Set(prepareModel(model).model.graph?.node.flatMap((n) => n.output));
    for (const name of statistics.keys()) expect(values).toContain(name);
  });

  it('knows nothing of BatchNormalization in training mode', () => {
    const attributes = [intAttribute('training_mode', 1)];
    const inTraining = network({
      nodes: [node('BatchNormalization', ['x', 'g', 'b', 'm', 'v'], 'y', attributes)],
      constants: ['g', 'b', 'm', 'v'].map((name) => constant(name, [4], [1, 1, 1, 1])),
      input: ['N', 4, 8, 8],
      outputs: ['y'],
    });
    expect(batchNormStatistics(inTraining).size).toBe(0);
  });

  it('is scaled along by equalization as the tensors are', async () => {
    const prepared = prepareModel(model).model;
    const before = batchNormStatistics(model);
    const result = equalizeWeights(prepared, { statistics: before });
    const source = {
      length: 2,
      description: 'noise',
      batches: async function* () {
        yield { x: imageFeed([2, 3, 8, 8], 5) };
      },
    };
    const observe = (m: typeof prepared) =>
      observeChannels(m, { runtime, source, tensors: [{ tensor: 'n1', axis: 1 }] });
    const [a, b] = [(await observe(prepared)).get('n1')!, (await observe(result.model)).get('n1')!];
    const scaled = result.statistics.get('n1')!;
    for (let c = 0; c < 4; c++) {
      const factor = scaled.std[c]! / before.get('n1')!.std[c]!;
      expect(factor).not.toBeCloseTo(1, 3);
      expect(b.mean[c]! / a.mean[c]!).toBeCloseTo(factor, 4);
      expect(b.std[c]! / a.std[c]!).toBeCloseTo(factor, 4);
      expect(scaled.mean[c]!).toBeCloseTo(before.get('n1')!.mean[c]! * factor, 10);
    }
  });
});

describe('observeChannels', () => {
  it('gives mean, deviation and extremes per channel, whatever the batches', async () => {
    const feeds = [imageFeed([3, 3, 8, 8], 1), imageFeed([1, 3, 8, 8], 2)];
    const source = (parts: readonly (typeof feeds)[number][]) => ({
      length: 4,
      description: 'noise',
      batches: async function* () {
        for (const x of parts) yield { x };
      },
    });
    const joined = Float32Array.from(feeds.flatMap((feed) => [...(feed.data as Float32Array)]));
    const tensors = [{ tensor: 'n1', axis: 1 }];
    const apart = await observeChannels(model, { runtime, source: source(feeds), tensors });
    const whole = await observeChannels(model, {
      runtime,
      source: source([{ type: 'float32', data: joined, dims: [4, 3, 8, 8] }]),
      tensors,
    });
    const [a, b] = [apart.get('n1')!, whole.get('n1')!];
    for (let c = 0; c < 4; c++) {
      expect(a.mean[c]!).toBeCloseTo(b.mean[c]!, 5);
      expect(a.std[c]!).toBeCloseTo(b.std[c]!, 5);
      expect([a.min![c], a.max![c]]).toEqual([b.min![c], b.max![c]]);
    }
  });

  it('refuses tensors that the model lacks, and no samples', async () => {
    const none = { length: 0, description: 'nothing', batches: () => asSampleSource([]).batches(1) };
    await expect(
      observeChannels(model, { runtime, source: none, tensors: [{ tensor: 'ghost', axis: 1 }] }),
    ).rejects.toThrow(/a tensor "ghost" of known rank/);
    await expect(
      observeChannels(model, { runtime, source: none, tensors: [{ tensor: 'n1', axis: 1 }] }),
    ).rejects.toThrow(/at least one sample/);
  });
});
