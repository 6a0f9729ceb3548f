import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { fixedEdges, fixedHistogramObserver } from './fixed-histogram';

describe('fixedHistogramObserver', () => {
  it('has numpy’s float32 edges', () => {
    // numpy.linspace(-1.1, 1.1, 8, dtype=float32) computed in float32
    const edges = fixedEdges(-1.1, 1.1, 7);
    const step = Math.fround(Math.fround(Math.fround(1.1) + Math.fround(1.1)) / 7);
    expect(edges[3]).toBe(Math.fround(Math.fround(3 * step) - Math.fround(1.1)));
    expect(edges[7]).toBe(Math.fround(1.1));
  });

  it('counts the upper edge in the last bin', () => {
    const observer = fixedHistogramObserver.create({ bins: 4, min: 0, max: 4 });
    observer.observe(view([0, 0.5, 1, 2, 3.5, 4]));
    expect([...observer.stats().histograms[0]!.counts]).toEqual([2, 1, 1, 2]);
  });

  it('counts magnitudes on request, and refuses values outside', () => {
    const observer = fixedHistogramObserver.create({ bins: 2, min: 0, max: 2, absolute: true, tensor: 'conv1' });
    observer.observe(view([-1.5, 0.5, 1]));
    expect([...observer.stats().histograms[0]!.counts]).toEqual([1, 2]);
    expect(observer.stats().range.min[0]).toBe(-1.5);
    expect(() => observer.observe(view([-3]))).toThrow(/"conv1": expected values within the fixed range \[0, 2\]/);
  });

  it('needs the range', () => {
    expect(() => fixedHistogramObserver.create()).toThrow(/minMaxObserver first/);
  });
});
