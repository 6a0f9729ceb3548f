import { allocateQuantized, elementCount, InvalidArgumentError } from '@bitwright/core';
import type { IntegerOperators } from './integer-operators';
import type { ActivationCodes, Arrangement, CodesValue, RealValue, Value } from './value';

/** What a step may use while it runs: the operators, and memory that is used again once nobody reads it. */
export interface RunContext {
  readonly operators: IntegerOperators;
  /** Codes with arbitrary content to be overwritten. */
  newCodes(arrangement: Arrangement, parameters: ActivationCodes): CodesValue;
  /** Real numbers with arbitrary content to be overwritten. */
  newReal(arrangement: Arrangement): RealValue;
}

/** Buffers of one model, by size; a buffer returns when the last value in it is released. */
export interface Memory extends RunContext {
  retain(value: Value): void;
  release(value: Value): void;
  /** Takes back what the last step used and nobody retained. */
  settle(): void;
  /** Forgets all free buffers, for inputs of another size. */
  clear(): void;
}

export function createMemory(operators: IntegerOperators): Memory {
  const free = new Map<number, ArrayBuffer[]>();
  const readers = new Map<ArrayBufferLike, number>();
  let taken: ArrayBuffer[] = [];
  const take = (bytes: number): ArrayBuffer => {
    const buffer = free.get(bytes)?.pop() ?? new ArrayBuffer(bytes);
    readers.set(buffer, 0);
    taken.push(buffer);
    return buffer;
  };
  const give = (buffer: ArrayBuffer): void => {
    readers.delete(buffer);
    const list = free.get(buffer.byteLength) ?? [];
    list.push(buffer);
    free.set(buffer.byteLength, list);
  };
  return {
    operators,
    newCodes({ shape, order }, parameters) {
      const count = elementCount(shape);
      const { dtype } = parameters.scheme;
      const empty = allocateQuantized(dtype, 0);
      const Codes = empty.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => typeof empty;
      return {
        kind: 'codes',
        shape,
        order,
        parameters,
        data: new Codes(take(roomFor(count * empty.BYTES_PER_ELEMENT)), 0, count),
      };
    },
    newReal({ shape, order }) {
      const count = elementCount(shape);
      return { kind: 'real', shape, order, data: new Float32Array(take(roomFor(4 * count)), 0, count) };
    },
    retain({ data }) {
      const count = readers.get(data.buffer);
      if (count !== undefined) readers.set(data.buffer, count + 1);
    },
    release({ data }) {
      const count = readers.get(data.buffer);
      if (count === undefined) return;
      readers.set(data.buffer, count - 1);
      if (count <= 1) give(data.buffer as ArrayBuffer);
    },
    settle() {
      for (const buffer of taken) if (readers.get(buffer) === 0) give(buffer);
      taken = [];
    },
    clear() {
      free.clear();
      readers.clear();
      taken = [];
    },
  };
}

// — internals —

/** A tensor larger than this comes from a damaged model, not from a network. */
const largestTensor = 2 ** 33;

/** Sizes in powers of two with quarter steps, so that tensors of similar sizes share buffers. */
function roomFor(bytes: number): number {
  if (bytes <= 64) return 64;
  if (!(bytes <= largestTensor)) {
    throw new InvalidArgumentError({
      operation: '[runtime] run',
      expected: `tensors of at most ${largestTensor} bytes`,
      received: String(bytes),
    });
  }
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}
