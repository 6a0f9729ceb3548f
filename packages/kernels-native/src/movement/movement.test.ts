import { seededRandom } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { nativeBackends } from '../../test/native-contexts';
import type { NativeBackend } from '../native-backend';
import { concat } from './concat';
import { denseStrides, type Elements } from './elements';
import { gather } from './gather';
import { pad } from './pad';
import { slice } from './slice';
import { stridedSlice } from './strided-slice';
import { tile } from './tile';
import { transpose } from './transpose';

const kinds = [Float32Array, Int32Array, Uint8Array] as const;
const random = seededRandom(7);
const integer = (low: number, high: number): number => low + Math.floor(random.next() * (high - low + 1));

function counted(Kind: (typeof kinds)[number], count: number): Elements {
  return new Kind(Array.from({ length: count }, (_, index) => (index * 7 + 1) % 251));
}
const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** The element of a dense array at an index. */
function at(array: Elements, shape: readonly number[], index: readonly number[]): number {
  const strides = denseStrides(shape);
  return array[index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0)] ?? Number.NaN;
}

function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (heads, length) => heads.flatMap((head) => Array.from({ length }, (_, index) => [...head, index])),
    [[]],
  );
}

/** Shapes with every number of axes, sizes around the block of 16, and axes of one element. */
function shapes(): number[][] {
  return Array.from({ length: 60 }, () =>
    Array.from({ length: integer(1, 5) }, () => integer(1, integer(1, 4) === 1 ? 19 : 4)),
  );
}

const { backends, skipped } = nativeBackends();

describe.skipIf(backends.length === 0).each([1, 3])(`data movement on %i threads${skipped}`, (threads) => {
  const native = nativeBackends(threads).backends.at(-1) as NativeBackend;

  it('transposes', () => {
    for (const [round, shape] of [...shapes(), [1, 300, 2, 170], [33, 1000]].entries()) {
      const permutation = shape.map((_, axis) => axis).sort(() => random.next() - 0.5);
      const x = counted(kinds[round % 3] as (typeof kinds)[number], size(shape));
      const out = x.slice().fill(0);
      transpose(native, shape, permutation, x, out);
      const outShape = permutation.map((axis) => shape[axis] as number);
      const expected = indicesOf(outShape).map((index) =>
        at(
          x,
          shape,
          shape.map((_, axis) => index[permutation.indexOf(axis)] as number),
        ),
      );
      expect(Array.from(out)).toEqual(expected);
    }
  });

  it('slices in steps', () => {
    for (const [round, shape] of shapes().entries()) {
      const begin = shape.map((length) => integer(0, length - 1));
      const steps = shape.map(() => integer(1, 3));
      const box = shape.map((length, axis) => Math.ceil((length - (begin[axis] as number)) / (steps[axis] as number)));
      const x = counted(kinds[round % 3] as (typeof kinds)[number], size(shape));
      const out = x.slice(0, size(box)).fill(0);
      stridedSlice(native, shape, { begin, size: box, steps }, x, out);
      const source = (index: number[]): number[] =>
        index.map((i, axis) => (begin[axis] as number) + i * (steps[axis] as number));
      expect(Array.from(out)).toEqual(indicesOf(box).map((index) => at(x, shape, source(index))));
    }
    const [x, out] = [new Float32Array(6), new Float32Array(4)];
    expect(() => stridedSlice(native, [6], { begin: [0], size: [4], steps: [2] }, x, out)).toThrow('stridedSlice');
    expect(() => stridedSlice(native, [6], { begin: [3], size: [4], steps: [-1] }, x, out)).toThrow(
      'steps of 1 or more',
    );
    const none = x.slice(0, 0);
    stridedSlice(native, [6], { begin: [6], size: [0], steps: [3] }, x, none);
    expect(() => stridedSlice(native, [6], { begin: [7], size: [0], steps: [3] }, x, none)).toThrow(
      'elements inside [6]',
    );
  });

  it('slices, and pads a slice back into its place', () => {
    for (const [round, shape] of shapes().entries()) {
      const begin = shape.map((length) => integer(0, length - 1));
      const box = shape.map((length, axis) => integer(0, length - (begin[axis] as number)));
      const x = counted(kinds[round % 3] as (typeof kinds)[number], size(shape));
      const cut = x.slice(0, size(box));
      slice(native, shape, begin, box, x, cut);
      expect(Array.from(cut)).toEqual(
        indicesOf(box).map((index) =>
          at(
            x,
            shape,
            index.map((i, axis) => i + (begin[axis] as number)),
          ),
        ),
      );
      const padded = x.slice();
      const after = shape.map((length, axis) => length - (begin[axis] as number) - (box[axis] as number));
      pad(
        native,
        box,
        begin.map((before, axis) => [before, after[axis] as number] as const),
        9,
        cut,
        padded,
      );
      const isInside = (index: number[]): boolean =>
        index.every((i, axis) => i >= (begin[axis] as number) && i < (begin[axis] as number) + (box[axis] as number));
      expect(Array.from(padded)).toEqual(indicesOf(shape).map((index) => (isInside(index) ? at(x, shape, index) : 9)));
    }
  });

  it('concatenates and tiles', () => {
    for (const [round, shape] of shapes()
      .filter((candidate) => candidate.length <= 4)
      .entries()) {
      const x = counted(kinds[round % 3] as (typeof kinds)[number], size(shape));
      const repetitions = shape.map(() => integer(1, 3));
      const tiled = shape.map((length, axis) => length * (repetitions[axis] as number));
      const out = new (kinds[round % 3] as (typeof kinds)[number])(size(tiled));
      tile(native, shape, repetitions, x, out);
      expect(Array.from(out)).toEqual(
        indicesOf(tiled).map((index) =>
          at(
            x,
            shape,
            index.map((i, axis) => i % (shape[axis] as number)),
          ),
        ),
      );
    }
    const out = new Float32Array(10);
    concat(
      native,
      2,
      [2, 0, 3],
      [Float32Array.of(1, 2, 6, 7), new Float32Array(0), Float32Array.of(3, 4, 5, 8, 9, 10)],
      out,
    );
    expect(Array.from(out)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('gathers rows, and refuses indices out of range before writing', () => {
    const x = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const out = new Float32Array(8);
    gather(native, { outer: 2, rows: 3, inner: 2, count: 2 }, x, Int32Array.of(2, 0), out);
    expect(Array.from(out)).toEqual([5, 6, 1, 2, 11, 12, 7, 8]);
    expect(() => gather(native, { outer: 2, rows: 3, inner: 2, count: 2 }, x, Int32Array.of(0, 3), out)).toThrow(
      'expected indices within [0, 3), received 3',
    );
    expect(native.addon.gatherRows(native.handle, 2, 3, 2, x, Int32Array.of(0, -1), out)).not.toBe(0);
    expect(Array.from(out)).toEqual([5, 6, 1, 2, 11, 12, 7, 8]);
  });

  it('keeps the raw copy inside its arrays', () => {
    const [from, to] = [new Float32Array(8), new Float32Array(8)];
    const copy = (geometry: number[], fromOffset = 0, toOffset = 0): number =>
      native.addon.copyStrided(native.handle, Float64Array.from(geometry), fromOffset, toOffset, from, to);
    expect(copy([8, 1, 1])).toBe(0);
    expect(copy([9, 1, 1])).not.toBe(0);
    expect(copy([8, 1, 1], 1)).not.toBe(0);
    expect(copy([8, 1, 1], 0, 1)).not.toBe(0);
    expect(copy([2, 8, 1])).not.toBe(0);
    expect(copy([2 ** 40, 2 ** 40, 1])).not.toBe(0);
    expect(copy([Number.NaN, 1, 1])).not.toBe(0);
    expect(copy([1, 1])).not.toBe(0);
  });
});
