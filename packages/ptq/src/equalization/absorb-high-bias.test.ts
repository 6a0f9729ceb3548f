import { getInts, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import type { SampleSource } from '../feeds';
import { loadRuntime } from '../session';
import {
  constant,
  conv,
  imageFeed,
  network,
  node,
  outputsOf,
  relativeDifference,
  relu,
  unevenWeight,
} from './__fixtures__/networks';
import { absorbHighBias } from './absorb-high-bias';
import type { StatisticsTable } from './batch-norm-statistics';
import { observeChannels } from './channel-statistics';

const runtime = await loadRuntime();
const image = imageFeed([4, 3, 8, 8], 42);
const source: SampleSource = {
  length: 4,
  description: 'noise',
  batches: async function* () {
    yield { x: image };
  },
};

/** conv with a high bias – f – conv of the given kernel size. */
function pair(size: number, activation = relu('c1', 'a')): Model {
  const first = conv('c1', 'x', [6, 3, 3], 1);
  return network({
    nodes: [
      {
        node: first.node,
        constants: [unevenWeight('c1.w', [6, 3, 3, 3], 1), constant('c1.b', [6], [9, -1, 80, 0, 30, 300])],
      },
      activation,
      conv('c2', 'a', [4, 6, size], 5),
    ],
    constants: [constant('zero', [], [0]), constant('ceiling', [], [100])],
    input: ['N', 3, 8, 8],
    outputs: ['c2'],
  });
}

const observed = (model: Model): Promise<StatisticsTable> =>
  observeChannels(model, { runtime, source, tensors: [{ tensor: 'c1', axis: 1 }] });

describe('absorbHighBias', () => {
  it('keeps the function on the observed samples and lowers the activations', async () => {
    const model = pair(1);
    const statistics = await observed(model);
    const result = absorbHighBias(model, statistics);
    expect(result.absorbed).toMatchObject([
      { writer: 'Conv_c1', readers: ['Conv_c2'], evidence: 'observed', borderError: 0 },
    ]);
    expect(result.absorbed[0]!.largest).toBeGreaterThan(50);
    const difference = relativeDifference(
      await outputsOf(runtime, model, image),
      await outputsOf(runtime, result.model, image),
    );
    expect(difference).toBeLessThan(1e-4);
    const after = (await observed(result.model)).get('c1')!;
    const predicted = result.statistics.get('c1')!;
    after.min!.forEach((min, c) => {
      expect(min).toBeCloseTo(predicted.min![c]!, 2);
      if (statistics.get('c1')!.min![c]! > 0) expect(min).toBeCloseTo(0, 2);
    });
  });

  it('takes mean − 3 standard deviations where nothing was observed', () => {
    const std = Float64Array.of(1, 1, 20, 1, 100, 50);
    const mean = Float64Array.of(9, -1, 80, 0, 30, 300);
    const { absorbed, statistics } = absorbHighBias(pair(1), new Map([['c1', { mean, std }]]));
    expect(absorbed).toMatchObject([{ channels: 3, largest: 150, evidence: 'normal' }]);
    expect(statistics.get('c1')!.mean).toEqual(Float64Array.of(3, -1, 60, 0, 30, 150));
  });

  it('skips readers that pad with zeros, or bounds the error at the border when asked to go on', async () => {
    const model = pair(3);
    expect(getInts(model.graph!.node[2]!, 'pads')).toEqual([1, 1, 1, 1]);
    const statistics = await observed(model);
    const skipping = absorbHighBias(model, statistics);
    expect(skipping.absorbed).toEqual([]);
    expect(skipping.skipped).toContainEqual({ tensor: 'c1', reason: '"Conv_c2" pads with zeros' });
    const result = absorbHighBias(model, statistics, { padded: 'approximate' });
    const [a, b] = [await outputsOf(runtime, model, image), await outputsOf(runtime, result.model, image)];
    const error = a.reduce((max, v, i) => Math.max(max, Math.abs(v - b[i]!)), 0);
    expect(error).toBeGreaterThan(0.01);
    expect(error).toBeLessThan(result.absorbed[0]!.borderError);
  });

  it('leaves channels alone that a ceiling cuts off', async () => {
    const model = pair(1, node('Clip', ['c1', 'zero', 'ceiling'], 'a'));
    const statistics = await observed(model);
    expect(statistics.get('c1')!.max![5]).toBeGreaterThan(100);
    const result = absorbHighBias(model, statistics);
    expect(result.absorbed[0]!.channels).toBeGreaterThan(0);
    const [a, b] = [await outputsOf(runtime, model, image), await outputsOf(runtime, result.model, image)];
    expect(relativeDifference(a, b)).toBeLessThan(1e-4);
  });

  it('stops at functions that bend a constant, and says which', async () => {
    const model = pair(1, node('Mul', ['c1', 'ceiling'], 'a'));
    expect(absorbHighBias(model, await observed(model)).skipped).toContainEqual({
      tensor: 'c1',
      reason: 'Mul "Mul_a" does not pass a constant on',
    });
  });
});
