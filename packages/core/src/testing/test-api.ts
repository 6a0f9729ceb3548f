/**
 * What the conformance suites need of a test runner: vitest, jest, mocha and node:test all have it. The suites bring their own
 * checks and import no runner, so they work with yours:
 *
 * @example
 * import { describe, it } from 'vitest';
 * describeObserver({ describe, it }, myObserver);
 */
export interface TestApi {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: TestFunction;
}

export interface TestFunction {
  (name: string, body: () => void): unknown;
  /** Used for skipped checks, so that reports show them; without it they become empty tests that say so. */
  readonly skip?: (name: string, body: () => void) => unknown;
}

/** A check that does not apply, never without the reason. */
export interface Skip {
  /** Name of the check, e.g. `merge_any_split`. */
  readonly test: string;
  readonly reason: string;
}

/** Registers named checks, leaving out the skipped ones visibly. */
export type Checks = (name: string, body: () => void) => void;

/**
 * A `check` function that honours skips.
 *
 * @throws Error when a skip has no reason
 */
export function checksOf(api: TestApi, skips: readonly Skip[]): Checks {
  const unexplained = skips.find((skip) => skip.reason.trim() === '');
  if (unexplained !== undefined) throw new Error(`skip of "${unexplained.test}" needs a reason`);
  return (name, body) => {
    const skip = skips.find((candidate) => candidate.test === name);
    if (skip === undefined) {
      api.it(name, body);
      return;
    }
    const title = `${name} (skipped: ${skip.reason})`;
    const nothing = (): void => undefined;
    if (api.it.skip === undefined) api.it(title, nothing);
    else api.it.skip(title, nothing);
  };
}
