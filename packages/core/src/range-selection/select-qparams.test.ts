import { describe, expect, it } from 'vitest';
import { int8 } from '../dtype';
import { perAxis } from '../granularity';
import { minMaxObserver } from '../observer/min-max';
import { int8PerChannelWeight, int8Weight, uint8Activation } from '../presets';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { fullRange } from './full-range';
import { selectQParams } from './select-qparams';

describe('selectQParams', () => {
  it('takes an observer or its statistics and gives scale and zero point', () => {
    const observer = minMaxObserver.create();
    observer.observe(view([-1, 3]));
    const fromObserver = selectQParams(observer, fullRange, uint8Activation);
    expect(fromObserver).toEqual(selectQParams(observer.stats(), fullRange, uint8Activation));
    expect(fromObserver.qparams.zeroPoint[0]).toBe(64);
    expect(fromObserver.notes).toEqual([]);
  });

  it('notes degenerate parameters', () => {
    const observer = minMaxObserver.create({ axis: 0 });
    observer.observe(view([0, 0, 2, 2, 1, 5, 1e-44, -1e-44], [4, 2]));
    const { notes, qparams } = selectQParams(observer, fullRange, int8PerChannelWeight);
    expect(qparams.scale[0]).toBe(1);
    expect(notes).toEqual([
      'parameters 0: all observed values are 0; scale 1',
      'parameters 1: all observed values are equal; the range is from 0 to that value',
      'parameters 3: the range is too small for a float32 scale; scale 1',
    ]);
  });

  it('refuses per-channel statistics for a per-tensor scheme', () => {
    const observer = minMaxObserver.create({ axis: 0 });
    observer.observe(view([0, 1, 2, 3], [2, 2]));
    expect(() => selectQParams(observer, fullRange, int8Weight)).toThrow(/without axis/);
    expect(selectQParams(observer, fullRange, linearScheme({ dtype: int8, granularity: perAxis(0) })).notes).toEqual(
      [],
    );
  });
});
