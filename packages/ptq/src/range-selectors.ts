import { fullRange, InvalidArgumentError, type RangeSelector } from '@bitwright/core';

/** A selector of any statistics, as options take it. */
// biome-ignore lint/suspicious/noExplicitAny: the statistics type is the selector's own affair
export type AnyRangeSelector = RangeSelector<any>;

const byName: Readonly<Record<string, AnyRangeSelector>> = { fullRange, minmax: fullRange };

/**
 * A selector by name, or the selector itself.
 *
 * @throws {InvalidArgumentError} listing the known names
 */
export function resolveRangeSelector(selector: AnyRangeSelector | string): AnyRangeSelector {
  if (typeof selector !== 'string') return selector;
  const found = Object.hasOwn(byName, selector) ? byName[selector] : undefined;
  if (found !== undefined) return found;
  throw new InvalidArgumentError({
    operation: '[ptq] range selector',
    expected: `one of ${Object.keys(byName).join(', ')}`,
    received: JSON.stringify(selector),
  });
}
