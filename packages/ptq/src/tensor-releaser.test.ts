import { describe, expect, it } from 'vitest';
import type { FeedTensor } from './feeds';
import { tensorReleaser } from './tensor-releaser';

const tensor = (data: Float32Array): FeedTensor => ({ type: 'float32', data, dims: [data.length] });

const release = tensorReleaser();

describe('tensorReleaser', () => {
  it('leaves tensors empty, also where two share their memory', () => {
    const data = new Float32Array(8);
    const [a, b, c] = [data.subarray(0, 4), data.subarray(4), new Float32Array(2)];
    release({ a: tensor(a), b: tensor(b), c: tensor(c) });
    expect([a.length, b.length, c.length]).toEqual([0, 0, 0]);
  });

  it('leaves shared memory alone', () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    release({ shared: tensor(shared) });
    expect(shared.length).toBe(2);
  });

  it('gives memory back before the garbage collector comes by', () => {
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 20; i++) release({ large: tensor(new Float32Array(5 * 10 ** 6).fill(i)) });
    // 400 MB were written; what is left is one of them at most.
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 10 ** 6);
  });
});
