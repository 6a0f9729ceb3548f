import type { Granularity } from './granularity';
import { elementCount } from './tensor-view';

/** Rows of a strided run along the last axis: few enough that the cache still holds them for the next column. */
const rowsPerRun = 32;

/**
 * Calls `visit(param, start, end, step)` for runs start, start + step, … < end of a row-major tensor whose elements share
 * parameter index `param`. The one place that owns stride arithmetic for granularities.
 *
 * With inner = product of the dims after `axis`:
 *   perTensor  one run of everything, param 0
 *   perAxis    param = (i / inner) mod shape[axis], runs of `inner`; along the last axis runs down up to 32 rows:
 *              step = shape[axis]
 *   perGroup   param is the row-major index in paramShape (the parameter array has the rank of the data),
 *              runs down one block of the axis: step = inner
 */
export function forEachStridedRun(
  shape: readonly number[],
  granularity: Granularity,
  visit: (param: number, start: number, end: number, step: number) => void,
): void {
  const count = elementCount(shape);
  if (count === 0) return;
  if (granularity.kind === 'perTensor') {
    visit(0, 0, count, 1);
    return;
  }
  const { axis } = granularity;
  const length = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = count / (length * inner);
  if (granularity.kind === 'perAxis' && inner === 1) {
    for (let first = 0; first < outer; first += rowsPerRun) {
      const end = Math.min(first + rowsPerRun, outer) * length;
      for (let c = 0; c < length; c++) visit(c, first * length + c, end, length);
    }
    return;
  }
  if (granularity.kind === 'perAxis') {
    for (let o = 0, start = 0; o < outer; o++) {
      for (let c = 0; c < length; c++, start += inner) visit(c, start, start + inner, 1);
    }
    return;
  }
  const { size } = granularity;
  for (let o = 0, param = 0; o < outer; o++) {
    for (let block = 0; block < length; block += size) {
      const start = (o * length + block) * inner;
      const end = (o * length + Math.min(block + size, length)) * inner;
      for (let i = 0; i < inner; i++, param++) visit(param, start + i, end, inner);
    }
  }
}

/**
 * The same in contiguous runs [start, end): a block along an inner axis falls apart into single elements, so prefer
 * {@link forEachStridedRun} where a step can be handled.
 */
export function forEachRun(
  shape: readonly number[],
  granularity: Granularity,
  visit: (param: number, start: number, end: number) => void,
): void {
  forEachStridedRun(shape, granularity, (param, start, end, step) => {
    if (step === 1) {
      visit(param, start, end);
      return;
    }
    for (let i = start; i < end; i += step) visit(param, i, i + 1);
  });
}
