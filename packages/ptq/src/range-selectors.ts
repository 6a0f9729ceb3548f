import {
  aciq,
  cosine,
  entropy,
  exactPercentile,
  fullRange,
  InvalidArgumentError,
  lsqStep,
  meanSquaredError,
  movingAverageObserver,
  orderPreserving,
  percentile,
  type RangeSelector,
  type RangeStats,
  standardDeviation,
} from '@bitwright/core';

/** A selector of any statistics, as options take it. */
// biome-ignore lint/suspicious/noExplicitAny: the statistics type is the selector's own affair
export type AnyRangeSelector = RangeSelector<any>;

/** Exponential moving average of batch extremes, momentum 0.9: outliers of single batches fade. */
const movingAverage: RangeSelector<RangeStats> = Object.freeze({
  id: 'movingAverage',
  observer: movingAverageObserver,
  selectRange: (stats: RangeStats) => stats.range,
});

/**
 * A selector chosen per tensor by measured error: `quantizeModel` tries several and keeps what leaves the model's outputs closest to
 * float. Where nothing can be measured, it selects as `mse` does.
 */
export const automatic: AnyRangeSelector = Object.freeze({ ...meanSquaredError(), id: 'auto' });

/** Makers by name; the argument is what stands in parentheses, undefined without. */
const makers: Readonly<Record<string, (argument: string | undefined) => AnyRangeSelector>> = {
  fullRange: () => fullRange,
  minmax: () => fullRange,
  auto: () => automatic,
  movingAverage: () => movingAverage,
  percentile: (p) => percentile(numberOr(p, 99.99)),
  exactPercentile: (p) => exactPercentile(numberOr(p, 99.99)),
  standardDeviation: (n) => standardDeviation(numberOr(n, 6)),
  entropy: (variant) => entropy({ variant: oneOf(variant, ['tensorrt', 'onnxruntime', 'ppq']) }),
  mse: (p) => meanSquaredError({ p: numberOr(p, 2) }),
  aciq: (distribution) => aciq({ distribution: oneOf(distribution, ['automatic', 'gauss', 'laplace']) }),
  cosine: () => cosine(),
  lsqStep: () => lsqStep,
  orderPreserving: () => orderPreserving,
};

/** Names that {@link resolveRangeSelector} takes, for help texts. */
export const rangeSelectorNames: readonly string[] = Object.freeze(Object.keys(makers));

const spelling = /^([A-Za-z]+)(?:\(([^()]*)\))?$/;

/**
 * A selector by name, or the selector itself: `fullRange`, `percentile(99.9)`, `entropy(onnxruntime)`, `mse(2.4)`, …
 *
 * @throws {InvalidArgumentError} listing the known names
 */
export function resolveRangeSelector(selector: AnyRangeSelector | string): AnyRangeSelector {
  if (typeof selector !== 'string') return selector;
  const [, name = '', argument] = spelling.exec(selector.trim()) ?? [];
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined) {
    throw invalid(`one of ${rangeSelectorNames.join(', ')}, with an argument in parentheses`, selector);
  }
  return make(argument === undefined || argument === '' ? undefined : argument);
}

function numberOr(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value)) throw invalid('a number in the parentheses', text);
  return value;
}

function oneOf<T extends string>(text: string | undefined, allowed: readonly [T, ...T[]]): T {
  if (text === undefined) return allowed[0];
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw invalid(`${allowed.join(', ')} in the parentheses`, text);
  return found;
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] range selector', expected, received: JSON.stringify(received) });
}
