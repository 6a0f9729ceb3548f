import { ortX64, specToJson } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import {
  calibrationStateFromJson,
  calibrationStateToJson,
  collectStatistics,
  loadRuntime,
  mergeCalibrationStates,
  planQuantization,
  quantizeModel,
  resolveRangeSelector,
  seenSamples,
  shardRange,
} from '../src';
import { asSampleSource } from '../src/sample-source';
import { toyFeeds, toyModel } from './toy-model';

const runtime = await loadRuntime();
const batchSize = 4;
const feeds = toyFeeds(18, batchSize);
const total = feeds.length * batchSize;

async function shard(index: number, count: number, selectorName: string, resumeAfter?: number): Promise<string> {
  const plan = planQuantization(toyModel(), { target: ortX64 });
  const selector = resolveRangeSelector(selectorName);
  const { start, end } = shardRange(total, batchSize, index, count);
  const part = (from: number) => asSampleSource(feeds.slice(from / batchSize, end / batchSize));
  const common = { runtime, selector, batchSize, limit: total };
  if (resumeAfter === undefined) {
    return calibrationStateToJson(await collectStatistics(plan, { ...common, source: part(start), start }));
  }
  // Killed after some batches: what the last checkpoint saved is all that is left.
  let saved = '';
  const abort = new AbortController();
  await collectStatistics(plan, {
    ...common,
    source: part(start),
    start,
    checkpointEvery: 1,
    signal: abort.signal,
    checkpoint: async (state) => {
      saved = calibrationStateToJson(state);
      if (seenSamples(state) >= resumeAfter * batchSize) abort.abort();
    },
  }).catch(() => undefined);
  const resume = calibrationStateFromJson(saved);
  const from = start + seenSamples(resume);
  return calibrationStateToJson(await collectStatistics(plan, { ...common, source: part(from), start: from, resume }));
}

describe.each(['fullRange', 'entropy', 'movingAverage', 'lsqStep'])('calibration in shards with %s', (selector) => {
  it('gives the bytes of one run, in any number of shards merged in any order', async () => {
    const whole = await shard(0, 1, selector);
    expect(await shard(0, 1, selector)).toBe(whole);
    for (const count of [2, 7, 16]) {
      // One of seven is killed after its first batch and goes on.
      const texts = await Promise.all(
        Array.from({ length: count }, (_, i) => shard(i, count, selector, count === 7 && i === 1 ? 1 : undefined)),
      );
      const states = texts.reverse().map(calibrationStateFromJson);
      expect(calibrationStateToJson(mergeCalibrationStates(states))).toBe(whole);
    }
  });

  it('gives the same bytes when a shard was killed and resumed', async () => {
    const states = [await shard(1, 2, selector), await shard(0, 2, selector, 2)].map(calibrationStateFromJson);
    expect(calibrationStateToJson(mergeCalibrationStates(states))).toBe(await shard(0, 1, selector));
  });

  it('quantizes from merged statistics as from the samples', async () => {
    const statistics = calibrationStateFromJson(await shard(0, 1, selector));
    const options = {
      calibration: feeds,
      runtime,
      target: ortX64,
      batchSize,
      activationRange: selector,
      verifySamples: 0,
    };
    const fromState = await quantizeModel(toyModel(), { ...options, statistics });
    expect(specToJson(fromState.spec)).toBe(specToJson((await quantizeModel(toyModel(), options)).spec));
  });
});

describe('calibration states', () => {
  it('refuse to merge overlapping samples, other plans and nothing', async () => {
    const [first, second] = [await shard(0, 2, 'fullRange'), await shard(1, 2, 'fullRange')].map(
      calibrationStateFromJson,
    );
    expect(() => mergeCalibrationStates([])).toThrow(/at least one/);
    expect(() => mergeCalibrationStates([first!, second!, first!])).toThrow(/samples 0 to 35 in two of them/);
    expect(() => mergeCalibrationStates([first!, { ...second!, plan: 'other' }])).toThrow(/same model, target/);
  });

  it('refuse damaged text', async () => {
    const text = await shard(0, 1, 'fullRange');
    expect(() => calibrationStateFromJson(text.slice(0, 100))).toThrow(/damaged or cut off/);
    expect(() => calibrationStateFromJson('{"version":2}')).toThrow(/version 1/);
  });

  it('refuse statistics of another plan', async () => {
    const statistics = calibrationStateFromJson(await shard(0, 1, 'lsqStep'));
    const options = { calibration: feeds, runtime, target: ortX64, statistics };
    await expect(quantizeModel(toyModel(), options)).rejects.toThrow(
      /statistics of this model, target and range selector/,
    );
  });

  it('refuse a shard that would be empty', () => {
    expect(() => shardRange(32, 32, 0, 2)).toThrow(/at most 1 shards/);
    expect(() => shardRange(64, 32, 2, 2)).toThrow(/1 ≤ i ≤ n/);
  });
});
