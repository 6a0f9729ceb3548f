import { InvalidArgumentError } from '@bitwright/core';
import { encodeModel, intAttribute, intsAttribute, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { loadRuntime } from '../session';
import {
  channelMaxima,
  constant,
  conv,
  depthwiseNetwork,
  imageFeed,
  network,
  node,
  outputsOf,
  relativeDifference,
  relu,
  relu6,
  unevenWeight,
} from './__fixtures__/networks';
import { equalizeWeights } from './equalize-weights';

const runtime = await loadRuntime();
const image = imageFeed([2, 3, 8, 8], 42);

/** Layer – something – layer, everything between c1 and c2 given. */
function between(
  parts: Parameters<typeof network>[0]['nodes'],
  last: string,
  constants: Parameters<typeof network>[0]['constants'] = [],
): Model {
  return network({
    nodes: [conv('c1', 'x', [6, 3, 3], 1), ...parts, conv('c2', last, [4, 6, 3], 5)],
    constants,
    input: ['N', 3, 8, 8],
    outputs: ['c2'],
  });
}

const networks: Readonly<Record<string, { readonly model: Model; readonly pairs: number }>> = {
  'Relu, with zero padding': { model: between([relu('c1', 'a')], 'a'), pairs: 1 },
  'nothing at all': { model: between([], 'c1'), pairs: 1 },
  LeakyRelu: { model: between([node('LeakyRelu', ['c1'], 'a')], 'a'), pairs: 1 },
  'PRelu with a slope per channel': {
    model: between([node('PRelu', ['c1', 'slope'], 'a')], 'a', [unevenWeight('slope', [6, 1, 1], 9)]),
    pairs: 1,
  },
  'MaxPool and AveragePool': {
    model: between(
      [
        relu('c1', 'a'),
        node('MaxPool', ['a'], 'p', [intsAttribute('kernel_shape', [2, 2]), intsAttribute('strides', [2, 2])]),
        node('AveragePool', ['p'], 'q', [intsAttribute('kernel_shape', [3, 3]), intsAttribute('pads', [1, 1, 1, 1])]),
      ],
      'q',
    ),
    pairs: 1,
  },
  'an added constant per channel and a factor': {
    model: between([node('Add', ['c1', 'offset'], 's'), node('Mul', ['s', 'two'], 'm'), relu('m', 'a')], 'a', [
      unevenWeight('offset', [1, 6, 1, 1], 11),
      constant('two', [], [-2]),
    ]),
    pairs: 1,
  },
  'an added constant that all channels share': {
    model: between([node('Add', ['c1', 'half'], 's'), relu('s', 'a')], 'a', [constant('half', [], [0.5])]),
    pairs: 1,
  },
  'conv, depthwise, conv, pool, flatten, Gemm': { model: depthwiseNetwork(), pairs: 3 },
  'grouped convolutions on both sides': {
    model: network({
      nodes: [
        conv('c1', 'x', [8, 2, 3], 1, 2),
        relu('c1', 'a1'),
        conv('c2', 'a1', [4, 2, 3], 3, 4),
        relu('c2', 'a2'),
        conv('c3', 'a2', [6, 2, 1], 5, 2),
      ],
      input: ['N', 4, 8, 8],
      outputs: ['c3'],
    }),
    pairs: 2,
  },
  'a depthwise convolution with several outputs per channel': {
    model: network({
      nodes: [
        conv('c1', 'x', [4, 3, 1], 1),
        relu('c1', 'a1'),
        conv('c2', 'a1', [8, 1, 3], 3, 4),
        conv('c3', 'c2', [2, 8, 1], 5),
      ],
      input: ['N', 3, 8, 8],
      outputs: ['c3'],
    }),
    pairs: 2,
  },
  'Flatten over an image': {
    model: network({
      nodes: [
        conv('c1', 'x', [4, 3, 3], 1),
        relu('c1', 'a'),
        node('Flatten', ['a'], 'flat'),
        node('Gemm', ['flat', 'w', 'b'], 'y', [intAttribute('transB', 1)]),
      ],
      constants: [unevenWeight('w', [5, 256], 5, 1), unevenWeight('b', [5], 6)],
      input: ['N', 3, 8, 8],
      outputs: ['y'],
    }),
    pairs: 1,
  },
  ConvTranspose: {
    model: network({
      nodes: [
        node('ConvTranspose', ['x', 'w1', 'b1'], 't', [intAttribute('group', 2)]),
        relu('t', 'a'),
        node('ConvTranspose', ['a', 'w2'], 'y'),
      ],
      constants: [
        unevenWeight('w1', [4, 3, 2, 2], 1, 1),
        unevenWeight('b1', [6], 2),
        unevenWeight('w2', [6, 2, 2, 2], 3),
      ],
      input: ['N', 4, 8, 8],
      outputs: ['y'],
    }),
    pairs: 1,
  },
};

describe('equalizeWeights', () => {
  it.each(Object.entries(networks))('keeps the float function across %s', async (_, { model, pairs }) => {
    const result = equalizeWeights(model);
    expect(result.pairs).toHaveLength(pairs);
    const x = model.graph?.input[0]?.type?.value;
    const channels = x?.case === 'tensorType' ? Number(x.value.shape?.dim[1]?.value.value) : 0;
    const feed = imageFeed([2, channels, 8, 8], 7);
    const [before, after] = [await outputsOf(runtime, model, feed), await outputsOf(runtime, result.model, feed)];
    expect(relativeDifference(before, after)).toBeLessThan(1e-4);
    for (const pair of result.pairs) expect(pair.spreadAfter).toBeLessThan(pair.spreadBefore);
  });

  it('keeps the float function of matrix products with their bias in an Add', async () => {
    const model = network({
      nodes: [
        node('MatMul', ['x', 'w1'], 'm1'),
        node('Add', ['b1', 'm1'], 's1'),
        relu('s1', 'a1'),
        node('MatMul', ['a1', 'w2'], 'y'),
      ],
      constants: [unevenWeight('w1', [5, 7], 1, 1), unevenWeight('b1', [7], 2), unevenWeight('w2', [7, 3], 3)],
      input: ['N', 4, 5],
      outputs: ['y'],
    });
    const result = equalizeWeights(model);
    expect(result.pairs).toMatchObject([{ writers: ['MatMul_m1'], readers: ['MatMul_y'], channels: 7 }]);
    const feed = imageFeed([2, 4, 5], 7);
    const difference = relativeDifference(
      await outputsOf(runtime, model, feed),
      await outputsOf(runtime, result.model, feed),
    );
    expect(difference).toBeLessThan(1e-4);
  });

  it('gives every channel the same range on both sides of a pair', () => {
    const { model, residual } = equalizeWeights(between([relu('c1', 'a')], 'a'), { tolerance: 1e-6 });
    const [written, read] = [channelMaxima(model, 'c1.w', 0), channelMaxima(model, 'c2.w', 1)];
    expect(residual).toBeLessThan(1e-6);
    written.forEach((r1, c) => {
      expect(r1 / read[c]!).toBeCloseTo(1, 3);
    });
  });

  it('gives every channel of conv, depthwise, conv the cube root of the product of its three ranges', () => {
    const before = network({
      nodes: [
        conv('c1', 'x', [6, 3, 3], 1),
        relu('c1', 'a1'),
        conv('c2', 'a1', [6, 1, 3], 3, 6),
        relu('c2', 'a2'),
        conv('c3', 'a2', [8, 6, 1], 5),
      ],
      input: ['N', 3, 8, 8],
      outputs: ['c3'],
    });
    const { model } = equalizeWeights(before, { tolerance: 1e-7 });
    const ranges = (m: Model) =>
      [channelMaxima(m, 'c1.w', 0), channelMaxima(m, 'c2.w', 0), channelMaxima(m, 'c3.w', 1)] as const;
    const [a, b, c] = ranges(before);
    const after = ranges(model);
    a.forEach((r1, i) => {
      const mean = Math.cbrt(r1 * b[i]! * c[i]!);
      for (const layer of after) expect(layer[i]! / mean).toBeCloseTo(1, 5);
    });
  });

  it('changes nothing the second time', () => {
    const once = equalizeWeights(depthwiseNetwork(), { sweeps: 200, tolerance: 1e-6 });
    for (const pair of equalizeWeights(once.model).pairs) {
      expect(pair.smallestScale).toBeCloseTo(1, 2);
      expect(pair.largestScale).toBeCloseTo(1, 2);
    }
  });

  it('leaves the model it was given as it was', () => {
    const model = depthwiseNetwork();
    const before = encodeModel(model);
    equalizeWeights(model);
    expect(encodeModel(model)).toEqual(before);
  });

  it('leaves dead channels alone instead of blowing up their bias', () => {
    const model = between([relu('c1', 'a')], 'a');
    const weight = model.graph?.initializer.find((tensor) => tensor.name === 'c1.w');
    new Float32Array(weight!.rawData.buffer, weight!.rawData.byteOffset, 27).fill(1e-20);
    const result = equalizeWeights(model);
    expect(channelMaxima(result.model, 'c1.w', 0)[0]).toBe(Math.fround(1e-20));
    expect(channelMaxima(result.model, 'c1.b', 0)[0]).toBe(channelMaxima(model, 'c1.b', 0)[0]);
  });

  it('gives a bias shared by two layers a copy of its own', async () => {
    const both = network({
      nodes: [conv('c1', 'x', [6, 3, 3], 1), relu('c1', 'a'), conv('c2', 'a', [6, 6, 3], 5)],
      input: ['N', 3, 8, 8],
      outputs: ['c2'],
    });
    for (const name of ['Conv_c1', 'Conv_c2']) both.graph!.node.find((n) => n.name === name)!.input[2] = 'shared';
    both.graph!.initializer.push(constant('shared', [6], [1, 2, 3, 4, 5, 6]));
    const result = equalizeWeights(both);
    const difference = relativeDifference(
      await outputsOf(runtime, both, image),
      await outputsOf(runtime, result.model, image),
    );
    expect(difference).toBeLessThan(1e-4);
  });
});

describe('equalizeWeights stops', () => {
  const reasonOf = (model: Model, tensor: string): string | undefined =>
    equalizeWeights(model).skipped.find((entry) => entry.tensor === tensor)?.reason;

  it('at model outputs', () => {
    const model = network({
      nodes: [conv('c1', 'x', [6, 3, 3], 1), relu('c1', 'a'), conv('c2', 'a', [4, 6, 3], 5)],
      input: ['N', 3, 8, 8],
      outputs: ['c2', 'a'],
    });
    expect(reasonOf(model, 'c1')).toBe('"a" is a model output');
  });

  it('at operators that bend channels', () => {
    expect(reasonOf(between([node('Sigmoid', ['c1'], 'a')], 'a'), 'c1')).toMatch(
      /Sigmoid "Sigmoid_a", which does not keep/,
    );
  });

  it('at weights that several layers share', () => {
    const model = network({
      nodes: [
        conv('c1', 'x', [3, 3, 3], 1),
        relu('c1', 'a'),
        node('Conv', ['a', 'c1.w'], 'y', [intsAttribute('pads', [1, 1, 1, 1])]),
      ],
      input: ['N', 3, 8, 8],
      outputs: ['y'],
    });
    expect(reasonOf(model, 'c1')).toMatch(/its weight "c1.w" is shared/);
  });

  const residual = network({
    nodes: [
      conv('c1', 'x', [6, 3, 3], 1),
      relu('c1', 'a1'),
      conv('c2', 'a1', [6, 6, 3], 3),
      node('Add', ['c2', 'a1'], 'sum'),
      relu('sum', 'a2'),
      conv('c3', 'a2', [4, 6, 1], 5),
    ],
    input: ['N', 3, 8, 8],
    outputs: ['c3'],
  });

  it('at residual joins when asked to, and else shares one scale across them', async () => {
    const apart = equalizeWeights(residual, { shared: 'skip' });
    expect(apart.pairs).toEqual([]);
    expect(apart.skipped).toContainEqual({ tensor: 'c1', reason: '2 layers write and 2 read these channels' });
    const shared = equalizeWeights(residual);
    expect(shared.pairs).toMatchObject([
      { writers: ['Conv_c1', 'Conv_c2'], readers: ['Conv_c2', 'Conv_c3'], replacedClips: [] },
    ]);
    const difference = relativeDifference(
      await outputsOf(runtime, residual, image),
      await outputsOf(runtime, shared.model, image),
    );
    expect(difference).toBeLessThan(1e-4);
  });

  it('for options that do not exist', () => {
    expect(() => equalizeWeights(residual, { clip: 'min' as 'relu' })).toThrow(InvalidArgumentError);
    expect(() => equalizeWeights(residual, { sweeps: 0 })).toThrow(/sweeps to be a positive integer/);
  });
});

describe('equalizeWeights across Clip(0, 6)', () => {
  const model = depthwiseNetwork(relu6);
  const operators = (m: Model): string[] =>
    (m.graph?.node ?? []).map((n) => n.opType).filter((t) => t === 'Relu' || t === 'Clip');

  it('takes the ceiling away and equalizes, with clip: relu', async () => {
    const result = equalizeWeights(model, { clip: 'relu' });
    expect(operators(result.model)).toEqual(['Relu', 'Relu', 'Relu']);
    expect(result.pairs.map((pair) => pair.replacedClips)).toEqual([['Clip_a1'], ['Clip_a2'], ['Clip_a3']]);
    const small = imageFeed([2, 3, 8, 8], 42, 0.001);
    const unclipped = await outputsOf(runtime, depthwiseNetwork(), small);
    expect(relativeDifference(unclipped, await outputsOf(runtime, result.model, small))).toBeLessThan(1e-4);
  });

  it('leaves these layers alone with clip: skip', () => {
    const result = equalizeWeights(model, { clip: 'skip' });
    expect(result.pairs).toEqual([]);
    expect(result.model).toBe(model);
    expect(result.skipped.map((entry) => entry.reason)).toContain('Clip "Clip_a1" has a ceiling of 6');
  });

  it('keeps the function with clip: bounded, on values within the given statistics', async () => {
    const { observeChannels } = await import('./channel-statistics');
    const source = {
      length: 2,
      description: 'one batch',
      batches: async function* () {
        yield { x: image };
      },
    };
    const statistics = await observeChannels(model, {
      runtime,
      source,
      tensors: ['c1', 'c2', 'c3'].map((tensor) => ({ tensor, axis: 1 })),
    });
    const result = equalizeWeights(model, { clip: 'bounded', statistics });
    expect(operators(result.model)).toEqual(['Clip', 'Clip', 'Clip']);
    expect(result.pairs.some((pair) => pair.spreadAfter < pair.spreadBefore)).toBe(true);
    const difference = relativeDifference(
      await outputsOf(runtime, model, image),
      await outputsOf(runtime, result.model, image),
    );
    expect(difference).toBeLessThan(1e-4);
  });

  it('says which statistics are missing for clip: bounded', () => {
    const { skipped } = equalizeWeights(model, { clip: 'bounded' });
    expect(skipped.map((entry) => entry.reason)).toContain('there are no statistics of the input of Clip "Clip_a1"');
  });
});
