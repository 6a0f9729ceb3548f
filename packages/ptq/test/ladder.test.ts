import { encodeModel } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import {
  asSampleSource,
  climbLadder,
  type LadderState,
  ladderStateFromJson,
  ladderStateToJson,
  loadRuntime,
  predictClasses,
  type QuantizeOptions,
} from '../src';
import { toyFeeds, toyModel } from './toy-model';

const runtime = await loadRuntime();
const samples = toyFeeds(64);
const count = samples.reduce((sum, { x }) => sum + (x?.dims[0] ?? 0), 0);
// Labels are what the float model says, so float is always right.
const labels = await predictClasses(encodeModel(toyModel()), {
  runtime,
  source: asSampleSource(samples),
  labels: new Int32Array(count),
  batchSize: 32,
});
const options: QuantizeOptions = {
  calibration: samples,
  runtime,
  target: 'ort-x64',
  bits: { weightBits: 2, keepFirstAndLast: false },
  evaluation: { samples, labels },
  verifySamples: 0,
  latencyRuns: 0,
};

describe('climbLadder', () => {
  it('stops at the first rung where that is good enough', async () => {
    const settings = { ...options, bits: 'w8a8', latencyRuns: 3 };
    const { state, best, isReached } = await climbLadder(toyModel(), settings, { maxDrop: 0.2 });
    expect(isReached).toBe(true);
    expect(state.rungs.map(({ name }) => name)).toEqual(['as asked for']);
    expect(state.floatTop1).toBe(1);
    expect(best.report.latency?.runs).toBe(3);
  });

  it('climbs while accuracy is short, keeps only what wins, and hands out every better result at once', async () => {
    const saved: number[] = [];
    const { state, best, advice } = await climbLadder(toyModel(), options, {
      maxDrop: 0,
      onBest: async (result) => void saved.push(result.report.evaluation?.quantized.top1 ?? -1),
    });
    const kept = state.rungs.filter(({ isKept }) => isKept);
    expect(kept.length).toBeGreaterThan(1);
    expect(kept.map(({ top1 }) => top1)).toEqual(saved);
    expect([...saved].sort((a, b) => a - b)).toEqual(saved);
    expect(best.report.evaluation?.quantized.top1).toBe(saved.at(-1));
    for (const { gain, isKept } of state.rungs.slice(1)) expect((gain ?? 0) > 0).toBe(isKept);
    expect(advice).toMatch(/reached|fine-tune/);
  });

  it('goes on where an earlier climb was stopped, and ends at the same result', async () => {
    const whole = await climbLadder(toyModel(), options, { maxDrop: 0 });
    let stopped: LadderState | undefined;
    const controller = new AbortController();
    const cancelled = climbLadder(
      toyModel(),
      { ...options, signal: controller.signal },
      {
        maxDrop: 0,
        onRung: async (_, state) => {
          stopped = state;
          if (state.rungs.length === 2) controller.abort();
        },
      },
    );
    await expect(cancelled).rejects.toThrow(/cancel/);
    const resumed = await climbLadder(toyModel(), options, {
      maxDrop: 0,
      resume: ladderStateFromJson(ladderStateToJson(stopped as unknown as LadderState)),
    });
    const withoutTime = ({ rungs }: LadderState) => rungs.map(({ seconds: _, ...rung }) => rung);
    expect(withoutTime(resumed.state)).toEqual(withoutTime(whole.state));
    expect(encodeModel(resumed.best.model)).toEqual(encodeModel(whole.best.model));
  });

  it('refuses what cannot be done', async () => {
    const { evaluation: _, ...unlabelled } = options;
    await expect(climbLadder(toyModel(), unlabelled, { maxDrop: 0.01 })).rejects.toThrow(/labelled samples/);
    await expect(climbLadder(toyModel(), options, { maxDrop: 2 })).rejects.toThrow(/maxDrop from 0 to 1, received 2/);
    await expect(climbLadder(toyModel(), options, { maxDrop: 0.01, budgetMs: 1 })).rejects.toThrow(
      /budget for one quantization.*Raise --budget/s,
    );
    const other: LadderState = { version: 1, key: 'f'.repeat(64), floatTop1: 1, rungs: [] };
    await expect(climbLadder(toyModel(), options, { maxDrop: 0, resume: other })).rejects.toThrow(
      /with key ffffffffffff/,
    );
    expect(() => ladderStateFromJson('{"version":1')).toThrow(/earlier climb/);
  });
});
