import { describe, expect, it } from 'vitest';
import { BufferPool, blockAlignment, smallestPooledBytes } from './buffer-pool';

const megabyte = 2 ** 20;
const pool = (limit = 100 * megabyte): BufferPool => new BufferPool(limit, () => 48);

describe('BufferPool', () => {
  it('gives a released block back for the next request of its size class', () => {
    const buffers = pool();
    const first = buffers.take(megabyte);
    buffers.release(first);
    expect(buffers.take(megabyte - 100)).toBe(first);
    expect(buffers.take(megabyte)).not.toBe(first);
  });

  it('wastes at most a fifth of a block', () => {
    const buffers = pool();
    for (let bytes = smallestPooledBytes; bytes < 4 * megabyte; bytes = Math.ceil(bytes * 1.07)) {
      const { capacity } = buffers.take(bytes);
      expect(capacity).toBeGreaterThanOrEqual(bytes);
      expect(bytes / capacity).toBeGreaterThan(0.8);
    }
  });

  it('starts data at an aligned address that is never byte 0', () => {
    const aligned = new BufferPool(0, () => 0).take(megabyte);
    expect(aligned.offset).toBe(blockAlignment);
    const shifted = pool().take(megabyte);
    expect(shifted.offset).toBe(48);
    expect(shifted.offset + shifted.capacity).toBeLessThanOrEqual(shifted.buffer.byteLength);
  });

  it('knows its blocks by any view into them, and nothing else', () => {
    const buffers = pool();
    const block = buffers.take(megabyte);
    expect(buffers.blockOf(new Float32Array(block.buffer, block.offset, 10))).toBe(block);
    expect(buffers.blockOf(new Uint8Array(block.buffer, block.offset + 4, 1))).toBe(block);
    expect(buffers.blockOf(new Float32Array(10))).toBeUndefined();
    expect(buffers.blockOf(new Float32Array(new ArrayBuffer(64), 8, 2))).toBeUndefined();
  });

  it('waits for the last reference', () => {
    const buffers = pool();
    const block = buffers.take(megabyte);
    block.references++;
    buffers.release(block);
    expect(buffers.take(megabyte)).not.toBe(block);
    buffers.release(block);
    expect(buffers.take(megabyte)).toBe(block);
  });

  it('counts what is lent and free, and keeps free memory below its limit', () => {
    const buffers = pool(3 * megabyte);
    const blocks = [1, 1, 2].map((size) => buffers.take(size * megabyte));
    expect(buffers.usage()).toEqual({ lent: 4 * megabyte, free: 0 });
    for (const block of blocks) buffers.release(block);
    expect(buffers.usage()).toEqual({ lent: 0, free: 2 * megabyte });
    buffers.clear();
    expect(buffers.usage()).toEqual({ lent: 0, free: 0 });
  });
});
