import type { Granularity } from './granularity';
import { elementCount } from './tensor-view';

/**
 * Calls `visit(param, start, end)` for contiguous runs [start, end) of a row-major tensor whose elements share
 * parameter index `param`. The one place that owns stride arithmetic for granularities.
 *
 * With inner = product of the dims after `axis`:
 *   perTensor  one run, param 0
 *   perAxis    param = (i / inner) mod shape[axis], runs of `inner`
 *   perGroup   param is the row-major index in paramShape: the parameter array has the rank of the data
 */
export function forEachRun(
  shape: readonly number[],
  granularity: Granularity,
  visit: (param: number, start: number, end: number) => void,
): void {
  const count = elementCount(shape);
  if (count === 0) return;
  if (granularity.kind === 'perTensor') {
    visit(0, 0, count);
    return;
  }
  const { axis } = granularity;
  const length = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = count / (length * inner);
  if (granularity.kind === 'perAxis') {
    for (let o = 0, start = 0; o < outer; o++) {
      for (let c = 0; c < length; c++, start += inner) visit(c, start, start + inner);
    }
    return;
  }
  const blocks = Math.ceil(length / granularity.size);
  if (inner === 1) {
    for (let o = 0; o < outer; o++) {
      for (let b = 0; b < blocks; b++) {
        const start = o * length + b * granularity.size;
        visit(o * blocks + b, start, Math.min(start + granularity.size, (o + 1) * length));
      }
    }
    return;
  }
  for (let o = 0, start = 0; o < outer; o++) {
    for (let c = 0; c < length; c++) {
      const firstParam = (o * blocks + Math.floor(c / granularity.size)) * inner;
      for (let i = 0; i < inner; i++, start++) visit(firstParam + i, start, start + 1);
    }
  }
}
