/** A piece of memory that tensors share; it returns to its pool when the last of them lets go. */
export interface PooledBlock {
  readonly buffer: ArrayBuffer;
  /** Where data starts, so that its address is a multiple of `blockAlignment`; never 0. */
  readonly offset: number;
  /** Usable bytes from `offset`. */
  readonly capacity: number;
  /** Data buckets that look into this block. */
  references: number;
}

/** Bytes to skip at the start of a buffer so that its address becomes a multiple of `alignment`. */
export type AlignmentOffset = (buffer: ArrayBuffer, alignment: number) => number;

/** What a pool holds at one moment, in bytes. */
export interface PoolUsage {
  /** Lent to tensors, whole blocks counted. */
  readonly lent: number;
  /** Waiting for reuse. */
  readonly free: number;
}

/** One cache line, and one AVX-512 register. */
export const blockAlignment = 64;

/** Smaller requests are cheaper as plain typed arrays. */
export const smallestPooledBytes = 4096;

/**
 * Memory for tensors, reused by size class.
 *
 * A training step asks for the same sizes again and again. Fresh memory costs a page fault every 4 KiB, about as much time as the
 * arithmetic of an element-wise kernel; a block that comes back keeps its pages. Classes are 2^k · {4,5,6,7}/4, so at most a fifth
 * of a block is unused. Free blocks beyond `freeBytesLimit` are left to the garbage collector, largest class first.
 */
export class BufferPool {
  readonly #freeBlocks = new Map<number, PooledBlock[]>();
  readonly #blocks = new WeakMap<ArrayBufferLike, PooledBlock>();
  readonly #alignmentOffset: AlignmentOffset;
  readonly #freeBytesLimit: number;
  #lentBytes = 0;
  #freeBytes = 0;

  constructor(freeBytesLimit: number, alignmentOffset: AlignmentOffset) {
    this.#freeBytesLimit = freeBytesLimit;
    this.#alignmentOffset = alignmentOffset;
  }

  /** A block of at least `bytes`, with one reference; its content is whatever was there before. */
  take(bytes: number): PooledBlock {
    const capacity = sizeClass(bytes);
    const block = this.#freeBlocks.get(capacity)?.pop() ?? this.#allocate(capacity);
    if (block.references === freed) this.#freeBytes -= capacity;
    block.references = 1;
    this.#lentBytes += capacity;
    return block;
  }

  /** The block a typed array looks into, if it is one of this pool. */
  blockOf(values: ArrayBufferView): PooledBlock | undefined {
    // Blocks never start at byte 0, and asking a small array for its buffer would move it out of the JavaScript heap.
    return values.byteOffset === 0 ? undefined : this.#blocks.get(values.buffer);
  }

  /** Lets go of one reference. */
  release(block: PooledBlock): void {
    block.references--;
    if (block.references > 0) return;
    block.references = freed;
    this.#lentBytes -= block.capacity;
    this.#freeBytes += block.capacity;
    const list = this.#freeBlocks.get(block.capacity);
    if (list === undefined) this.#freeBlocks.set(block.capacity, [block]);
    else list.push(block);
    if (this.#freeBytes > this.#freeBytesLimit) this.#trim();
  }

  usage(): PoolUsage {
    return { lent: this.#lentBytes, free: this.#freeBytes };
  }

  /** Forgets every free block. */
  clear(): void {
    this.#freeBlocks.clear();
    this.#freeBytes = 0;
  }

  #allocate(capacity: number): PooledBlock {
    const buffer = new ArrayBuffer(capacity + 2 * blockAlignment);
    const skip = this.#alignmentOffset(buffer, blockAlignment);
    const block: PooledBlock = { buffer, offset: skip === 0 ? blockAlignment : skip, capacity, references: 0 };
    this.#blocks.set(buffer, block);
    return block;
  }

  #trim(): void {
    for (const capacity of [...this.#freeBlocks.keys()].sort((a, b) => b - a)) {
      const list = this.#freeBlocks.get(capacity) ?? [];
      while (this.#freeBytes > this.#freeBytesLimit && list.pop() !== undefined) this.#freeBytes -= capacity;
    }
  }
}

// — internals —

/** Reference count of a block that waits in the pool. */
const freed = -1;

/** The smallest 2^k · {4,5,6,7}/4 that holds `bytes`. */
function sizeClass(bytes: number): number {
  const wanted = Math.max(bytes, smallestPooledBytes);
  const quarter = 2 ** (Math.floor(Math.log2(wanted)) - 2);
  return Math.ceil(wanted / quarter) * quarter;
}
