import { describe, expect, it } from 'vitest';
import { type Granularity, paramCount, perAxis, perGroup, perTensor } from './granularity';
import { forEachRun, forEachStridedRun } from './group-iterator';

/** Parameter index of every element, from the runs; −1 where no run came by. */
function paramOfElements(shape: number[], granularity: Granularity): number[] {
  const params = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(-1);
  forEachStridedRun(shape, granularity, (g, start, end, step) => {
    for (let i = start; i < end; i += step) {
      expect(params[i]).toBe(-1);
      params[i] = g;
    }
  });
  return params;
}

/** The same from the definition, element by element. */
function paramByDefinition(shape: number[], granularity: Granularity): number[] {
  const count = shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, i) => {
    const index = shape.map((d, a) => Math.floor(i / shape.slice(a + 1).reduce((x, y) => x * y, 1)) % d);
    if (granularity.kind === 'perTensor') return 0;
    if (granularity.kind === 'perAxis') return index[granularity.axis]!;
    const { axis, size } = granularity;
    const blocks = shape.map((d, a) => (a === axis ? Math.ceil(d / size) : d));
    return index.reduce((flat, k, a) => flat * blocks[a]! + (a === axis ? Math.floor(k / size) : k), 0);
  });
}

const cases: [string, number[], Granularity][] = [
  ['per-tensor', [3, 4], perTensor],
  ['axis 0', [3, 4, 2], perAxis(0)],
  ['axis 1', [3, 4, 2], perAxis(1)],
  ['last axis', [3, 4, 2], perAxis(2)],
  ['last axis of more rows than one run', [7, 10, 3], perAxis(2)],
  ['only axis', [5], perAxis(0)],
  ['group 2 along the last axis', [3, 6], perGroup(1, 2)],
  ['group 4 along the last axis, partial tail', [3, 6], perGroup(1, 4)],
  ['group 2 along axis 0', [4, 3], perGroup(0, 2)],
  ['group 3 along axis 1 of 3, partial tail', [2, 5, 3], perGroup(1, 3)],
  ['group larger than the axis', [2, 3], perGroup(1, 8)],
];

describe('forEachStridedRun', () => {
  it.each(cases)('visits every element once with its parameter: %s', (_, shape, granularity) => {
    const params = paramOfElements(shape, granularity);
    expect(params).toEqual(paramByDefinition(shape, granularity));
    expect(new Set(params).size).toBe(paramCount(shape, granularity));
  });

  it('visits nothing of an empty tensor', () => {
    expect(paramOfElements([0, 4], perAxis(1))).toEqual([]);
  });
});

describe('forEachRun', () => {
  it.each(cases)('gives the same parameters in contiguous runs: %s', (_, shape, granularity) => {
    const filled = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(-1);
    forEachRun(shape, granularity, (g, start, end) => {
      filled.fill(g, start, end);
    });
    expect(filled).toEqual(paramByDefinition(shape, granularity));
  });
});
