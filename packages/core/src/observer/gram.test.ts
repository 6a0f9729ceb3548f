import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { randomNormal, randomTensor } from '../testing/random-tensor';
import { gramObserver } from './gram';

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
