import type { Feeds } from '@bitwright/ptq';
import { describe, expect, it } from 'vitest';
import { generateRandomSamples } from './random-samples';
import { createNormal, createRandom, shuffledIndices } from './seeded-random';

const image = { name: 'x', type: 'float32', dims: ['N', 1, 4, 4] };
async function all(source: { batches(size: number): AsyncIterable<Feeds> }, size: number): Promise<Feeds[]> {
  const feeds: Feeds[] = [];
  for await (const each of source.batches(size)) feeds.push(each);
  return feeds;
}

describe('generateRandomSamples', () => {
  it('gives the same values for the same seed at every pass', async () => {
    const source = generateRandomSamples([image], { count: 5, seed: 1 });
    const first = await all(source, 2);
    expect(first.map((feeds) => feeds.x?.dims[0])).toEqual([2, 2, 1]);
    expect(await all(source, 2)).toEqual(first);
    expect(await all(generateRandomSamples([image], { count: 5, seed: 2 }), 2)).not.toEqual(first);
  });

  it('fills fixed batches, integers and half floats', async () => {
    const inputs = [
      { name: 'a', type: 'float16', dims: [4, 2] },
      { name: 'b', type: 'int64', dims: [4, 3] },
    ];
    const feeds = await all(generateRandomSamples(inputs, { count: 5 }), 1);
    expect(feeds.map((each) => [each.a?.dims, each.b?.dims])).toEqual([
      [
        [4, 2],
        [4, 3],
      ],
      [
        [4, 2],
        [4, 3],
      ],
    ]);
    expect([...(feeds[0]?.b?.data ?? [])].every((value) => value === 0n || value === 1n)).toBe(true);
  });

  it('asks for sizes the model leaves free', async () => {
    const free = { name: 'ids', type: 'int64', dims: ['N', 'T'] };
    expect(() => generateRandomSamples([free])).toThrow(/sizes for every axis of input 'ids', received \[N,T\]/);
    const feeds = await all(generateRandomSamples([free], { count: 1, sampleDims: { ids: [7] } }), 1);
    expect(feeds[0]?.ids?.dims).toEqual([1, 7]);
  });
});

describe('seeded random numbers', () => {
  it('are uniform, normal and fair within what 100,000 draws show', () => {
    const random = createRandom(42);
    const normal = createNormal(random);
    let sum = 0;
    let normalSum = 0;
    let squares = 0;
    for (let draw = 0; draw < 100_000; draw++) {
      sum += random();
      const value = normal();
      normalSum += value;
      squares += value * value;
    }
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(normalSum / 100_000)).toBeLessThan(0.02);
    expect(Math.abs(squares / 100_000 - 1)).toBeLessThan(0.03);
    expect([...shuffledIndices(100, 7)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
