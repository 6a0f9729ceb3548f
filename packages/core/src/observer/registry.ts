import { InvalidArgumentError } from '../errors';
import { fixedHistogramObserver } from './fixed-histogram';
import { gramObserver } from './gram';
import { histogramObserver } from './histogram';
import { meanObserver } from './mean';
import { minMaxObserver } from './min-max';
import { momentsObserver } from './moments';
import { movingAverageObserver } from './moving-average';
import type { Observer, ObserverState, ObserverType, RestoreOptions } from './observer';
import { tailsObserver } from './tails';
import { topTwoObserver } from './top-two';

/** Every observer of this package. */
export const builtInObservers: readonly ObserverType<unknown>[] = /* @__PURE__ */ Object.freeze([
  minMaxObserver,
  movingAverageObserver,
  histogramObserver,
  fixedHistogramObserver,
  momentsObserver,
  meanObserver,
  tailsObserver,
  topTwoObserver,
  gramObserver,
]);

/**
 * Reads a state back by its kind. Pass `[...builtInObservers, myObserver]` to read states of your own.
 *
 * @throws {InvalidArgumentError} when no type has this kind, or the state is damaged
 */
export function observerFromJson(
  state: ObserverState,
  options: RestoreOptions = {},
  types: readonly ObserverType<unknown>[] = builtInObservers,
): Observer<unknown> {
  const type = types.find((candidate) => candidate.kind === state.kind);
  if (type === undefined) {
    throw new InvalidArgumentError({
      operation: '[core] observerFromJson',
      expected: `a state of kind ${types.map((candidate) => candidate.kind).join(', ')}`,
      received: `kind ${JSON.stringify(state.kind) ?? 'undefined'}`,
    });
  }
  return type.fromJSON(state, options);
}
