import { InvalidArgumentError } from '../errors';
import { ortArm64 } from './ort-arm64';
import { ortWeb } from './ort-web';
import { ortX64 } from './ort-x64';
import type { Target } from './target';

/** The built-in targets. A user's own target is any value of type Target. */
export const targets: readonly Target[] = /* @__PURE__ */ Object.freeze([ortX64, ortArm64, ortWeb]);

/**
 * A built-in target by its id.
 *
 * @throws {InvalidArgumentError} listing the known ids
 */
export function findTarget(id: string, known: readonly Target[] = targets): Target {
  const found = known.find((target) => target.id === id);
  if (found === undefined) {
    throw new InvalidArgumentError({
      operation: '[core] findTarget',
      expected: `a target id (${known.map((target) => target.id).join(', ')})`,
      received: JSON.stringify(id),
    });
  }
  return found;
}
