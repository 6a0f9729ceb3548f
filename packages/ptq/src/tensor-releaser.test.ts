import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FeedTensor } from './feeds';
import { releaseTensors as release } from './tensor-releaser';

const tensor = (data: Float32Array): FeedTensor => ({ type: 'float32', data, dims: [data.length] });

afterEach(() => vi.unstubAllGlobals());

describe('releaseTensors', () => {
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

  it('makes one channel for all, when it is first needed', async () => {
    let channels = 0;
    vi.stubGlobal(
      'MessageChannel',
      class extends MessageChannel {
        constructor() {
          super();
          channels++;
        }
      },
    );
    vi.resetModules();
    const fresh = await import('./tensor-releaser');
    expect(channels).toBe(0);
    fresh.releaseTensors({ a: tensor(new Float32Array(2)) });
    fresh.releaseTensors({ b: tensor(new Float32Array(2)) });
    expect(channels).toBe(1);
  });

  it('gives memory back before the garbage collector comes by', () => {
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 20; i++) release({ large: tensor(new Float32Array(5 * 10 ** 6).fill(i)) });
    // 400 MB were written; what is left is one of them at most.
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 10 ** 6);
  });
});
