/** Memory for values that live for a few steps: what is given back is taken again. */
export interface BufferPool {
  /** Numbers with arbitrary content. */
  take(count: number): Float32Array;
  give(values: Float32Array): void;
}

export function createBufferPool(): BufferPool {
  const free: ArrayBuffer[] = [];
  return {
    take(count) {
      const bytes = 4 * count;
      // The least of those that are large enough, and not twice too large.
      let best: ArrayBuffer | undefined;
      for (const buffer of free) {
        const fits = buffer.byteLength >= bytes && buffer.byteLength <= 2 * bytes;
        if (fits && (best === undefined || buffer.byteLength < best.byteLength)) best = buffer;
      }
      if (best === undefined) return new Float32Array(count);
      free.splice(free.indexOf(best), 1);
      return new Float32Array(best, 0, count);
    },
    give({ buffer }) {
      free.push(buffer as ArrayBuffer);
    },
  };
}
