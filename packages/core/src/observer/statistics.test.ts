import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { randomNormal, randomTensor } from '../testing/random-tensor';
import { fixedEdges, fixedHistogramObserver } from './fixed-histogram';
import { gramObserver } from './gram';
import { meanObserver } from './mean';
import { minMaxObserver } from './min-max';
import { momentsObserver } from './moments';
import { movingAverageObserver } from './moving-average';
import { builtInObservers, observerFromJson } from './registry';
import { tailsObserver } from './tails';
import { topTwoObserver } from './top-two';
import { withObserverOptions } from './with-observer-options';

describe('minMaxObserver', () => {
  it('finds extremes per channel in any layout', () => {
    const shape = [2, 3, 300];
    const x = randomTensor(randomNormal, 5, shape);
    for (const axis of [0, 1, 2]) {
      const observer = minMaxObserver.create({ axis });
      observer.observe(x);
      const { range } = observer.stats();
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      for (let c = 0; c < shape[axis]!; c++) {
        const mine = [...x.data].filter((_, i) => Math.floor(i / inner) % shape[axis]! === c);
        expect([range.min[c], range.max[c]]).toEqual([Math.min(...mine), Math.max(...mine)]);
      }
    }
  });

  it('names the shape that has no such axis', () => {
    expect(() => minMaxObserver.create({ axis: 2, tensor: 'conv1' }).observe(view([1, 2]))).toThrow(
      '[core] observe "conv1": expected a batch with an axis 2, received shape [2]',
    );
  });

  it('reads other element types as float32', () => {
    const observer = minMaxObserver.create();
    observer.observe({ data: Float64Array.of(0.1, -0.2) as never, shape: [2] });
    expect(observer.stats().range.max[0]).toBe(Math.fround(0.1));
  });
});

describe('movingAverageObserver', () => {
  it('copies the first batch and then averages', () => {
    const observer = movingAverageObserver.create({ momentum: 0.5 });
    observer.observe(view([0, 8]));
    observer.observe(view([-4, 4]));
    observer.observe(view([0, 0]));
    // lo: 0 → −2 → −1;  hi: 8 → 6 → 3
    const { range } = observer.stats();
    expect([range.min[0], range.max[0]]).toEqual([-1, 3]);
  });

  it('forgets batches that weigh less than 2^-60', () => {
    const observer = movingAverageObserver.create({ momentum: 0.5 });
    for (let i = 0; i < 200; i++) observer.observe(view([i]));
    expect((observer.toJSON()['batches'] as unknown[]).length).toBe(60);
    expect(observer.stats().range.max[0]).toBeCloseTo(198, 10);
  });
});

describe('momentsObserver', () => {
  it('gives count, mean, M2 and mean magnitudes', () => {
    const observer = momentsObserver.create();
    observer.observe(view([-1, 2, 3]));
    observer.observe(view([-4]));
    const stats = observer.stats();
    // mean 0; M2 = 1+4+9+16 = 30; mean|x| 2.5; mean x² 7.5
    expect([stats.count, stats.mean[0], stats.m2[0], stats.meanAbs[0], stats.meanSquare[0]]).toEqual([
      4, 0, 30, 2.5, 7.5,
    ]);
  });

  it('does not lose a small variance around a large mean', () => {
    const observer = momentsObserver.create();
    observer.observe(view([1e6 + 1, 1e6 - 1, 1e6 + 1, 1e6 - 1]));
    observer.observe(view([3e38, -3e38, 1e-40]));
    observer.observe(view([-3e38, 3e38]));
    const tight = momentsObserver.create();
    tight.observe(view([16777215, 16777213, 16777214]));
    expect([tight.stats().mean[0], tight.stats().m2[0]]).toEqual([16777214, 2]);
    const sum = 4e6 + Math.fround(1e-40);
    expect(observer.stats().mean[0]).toBe(sum / 9);
  });
});

describe('meanObserver', () => {
  it('gives channel means', () => {
    const observer = meanObserver.create({ axis: 1 });
    observer.observe(view([1, 10, 100, 2, 20, 200], [2, 3]));
    observer.observe(view([3, 30, 300], [1, 3]));
    expect([...observer.stats().mean]).toEqual([2, 20, 200]);
  });
});

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

describe('tailsObserver', () => {
  it('keeps the outermost values of both ends', () => {
    const observer = tailsObserver.create({ size: 3 });
    observer.observe(view(Float32Array.from({ length: 100 }, (_, i) => (i * 37) % 100)));
    observer.observe(view([99, -5]));
    const { smallest, largest } = observer.stats();
    expect([...smallest[0]!]).toEqual([-5, 0, 1]);
    expect([...largest[0]!]).toEqual([98, 99, 99]);
  });

  it('holds small data completely', () => {
    const observer = tailsObserver.create();
    observer.observe(view([3, -1, 2]));
    expect([...observer.stats().largest[0]!]).toEqual([-1, 2, 3]);
    expect([...observer.stats().smallest[0]!]).toEqual([-1, 2, 3]);
  });
});

describe('topTwoObserver', () => {
  it('keeps the rows that are closest and the rows that are highest', () => {
    const observer = topTwoObserver.create({ size: 1 });
    observer.observe(view([1, 5, 2, 9, 8.5, 0, 0.1, 0, 0], [3, 3]));
    const { rows, critical } = observer.stats();
    expect(rows).toBe(3);
    expect(critical).toEqual([
      [Math.fround(0.1), 0],
      [9, 8.5],
    ]);
  });

  it('counts a row once that is in both lists, and equal rows as often as they occur', () => {
    const observer = topTwoObserver.create({ size: 8 });
    observer.observe(view([2, 1, 2, 1, 4, 0], [3, 2]));
    expect(observer.stats().critical).toHaveLength(3);
    const small = topTwoObserver.create({ size: 2 });
    small.observe(view([2, 1, 2, 1, 9, 0], [3, 2]));
    expect(small.stats().critical).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  it('needs two classes', () => {
    expect(() => topTwoObserver.create().observe(view([1, 2], [2, 1]))).toThrow(/at least two classes/);
  });
});

describe('gramObserver', () => {
  it('gives XᵀX and XᵀY', () => {
    const observer = gramObserver.create({ absmax: 8 });
    observer.observePair(view([1, 2, 3, 4], [2, 2]), view([1, -1], [2, 1]));
    observer.observePair(view([0.5, 0], [1, 2]), view([2], [1, 1]));
    const { count, columns, gram, targets, cross } = observer.stats();
    // XᵀX = [1+9+0.25, 2+12; 14, 4+16]; XᵀY = [1−3+1, 2−4]
    expect([count, columns, targets]).toEqual([3, 2, 1]);
    expect([...gram]).toEqual([10.25, 14, 14, 20]);
    expect([...cross]).toEqual([-1, -2]);
  });

  it('stays exact over many rows of the largest values', () => {
    const observer = gramObserver.create({ absmax: 1 });
    const rows = 2000;
    observer.observe(view(new Float32Array(rows).fill(-1), [rows, 1]));
    expect(observer.stats().gram[0]).toBe(rows);
  });

  it('is within 2^-21 of float64 sums', () => {
    const x = randomTensor(randomNormal, 2, [500, 4]);
    const observer = gramObserver.create({ absmax: 6 });
    observer.observe(x);
    const { gram } = observer.stats();
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        let sum = 0;
        for (let r = 0; r < 500; r++) sum += x.data[4 * r + i]! * x.data[4 * r + j]!;
        // Every entry moves by at most 2^-20 (half a grid step of 2^(3−22)), relative to values of about 1.
        expect(Math.abs(gram[4 * i + j]! - sum)).toBeLessThan(500 * 2 ** -20 * 4);
      }
    }
  });

  it('refuses values beyond its grid and targets of other rows', () => {
    const observer = gramObserver.create({ absmax: 1, tensor: 'conv1' });
    expect(() => observer.observe(view([1.5], [1, 1]))).toThrow(/"conv1": expected magnitudes up to 1/);
    expect(() => observer.observePair(view([1], [1, 1]), view([1, 1], [2, 1]))).toThrow(/as many rows/);
    expect(() => gramObserver.create()).toThrow(/minMaxObserver first/);
  });
});

describe('observerFromJson', () => {
  it('reads every built-in state back by its kind', () => {
    const options: Record<string, object> = { fixedHistogram: { min: -1, max: 1 }, gram: { absmax: 1 } };
    for (const type of builtInObservers) {
      const observer = type.create(options[type.kind] ?? {});
      observer.observe(view([0.5, -0.5], [1, 2]));
      const restored = observerFromJson(JSON.parse(JSON.stringify(observer.toJSON())));
      expect(restored.kind).toBe(type.kind);
      expect(restored.stats()).toEqual(observer.stats());
    }
  });

  it('lists the known kinds when it finds none, and takes types of the caller', () => {
    expect(() => observerFromJson({ kind: 'mine' })).toThrow(/kind minMax, movingAverage.*received kind "mine"/);
    const mine = { ...minMaxObserver, kind: 'mine', fromJSON: () => minMaxObserver.create() };
    expect(observerFromJson({ kind: 'mine' }, {}, [mine]).kind).toBe('minMax');
  });
});

describe('withObserverOptions', () => {
  it('sets defaults that create can override', () => {
    const type = withObserverOptions(tailsObserver, { size: 2 });
    expect(type.create().toJSON()['size']).toBe(2);
    expect(type.create({ size: 3 }).toJSON()['size']).toBe(3);
  });
});
