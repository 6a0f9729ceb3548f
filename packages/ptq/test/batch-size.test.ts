import { ortX64 } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { calibrationBatchSize, correctionBatchSize } from '../src/batch-size';
import { planQuantization } from '../src/plan';
import { resolveRangeSelector } from '../src/range-selectors';
import { toyModel } from './toy-model';

const plan = planQuantization(toyModel(), { target: ortX64 });

describe('calibrationBatchSize', () => {
  it('is 32 where a run hands out little', () => {
    expect(calibrationBatchSize(plan, resolveRangeSelector('mse'))).toBe(32);
  });

  it('is 32 for statistics that depend on the batches', () => {
    const unknown = { ...plan, observed: ['not a tensor'] };
    expect(calibrationBatchSize(unknown, resolveRangeSelector('movingAverage'))).toBe(32);
  });

  it('is 8 where sizes are not known', () => {
    const unknown = { ...plan, observed: ['not a tensor'] };
    expect(calibrationBatchSize(unknown, resolveRangeSelector('mse'))).toBe(8);
  });

  it('keeps what a run hands out near 20 MB', () => {
    // A tensor of the toy model counted so often that one sample has more than 20 MB, or a fifth of it.
    const [tensor = ''] = plan.observed;
    const elements = 3 * 8 * 8;
    const times = (bytes: number): readonly string[] => new Array(Math.ceil(bytes / (4 * elements))).fill(tensor);
    expect(calibrationBatchSize({ ...plan, observed: times(21e6) }, resolveRangeSelector('mse'))).toBe(1);
    expect(calibrationBatchSize({ ...plan, observed: times(3.99e6) }, resolveRangeSelector('mse'))).toBe(5);
  });
});

describe('correctionBatchSize', () => {
  it('is 32 where that holds little, and never less than 4', () => {
    const [tensor = ''] = plan.observed;
    const times = (bytes: number): readonly string[] => new Array(Math.ceil(bytes / (4 * 3 * 8 * 8))).fill(tensor);
    expect(correctionBatchSize(plan)).toBe(32);
    expect(correctionBatchSize({ ...plan, observed: times(24.9e6) })).toBe(8);
    expect(correctionBatchSize({ ...plan, observed: times(100e6) })).toBe(4);
    expect(correctionBatchSize({ ...plan, observed: ['not a tensor'] })).toBe(32);
  });
});
