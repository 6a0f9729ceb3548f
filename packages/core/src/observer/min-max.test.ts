import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { randomNormal, randomTensor } from '../testing/random-tensor';
import { minMaxObserver } from './min-max';

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
