import { InvalidArgumentError } from '@bitwright/core';
import picomatch from 'picomatch';

/** Words in `skip` that are places instead of names. */
export const places: readonly string[] = ['first', 'last'];

/** Whether a layer's name matches a glob. */
export function matches(glob: string, name: string): boolean {
  return picomatch.isMatch(name, glob);
}

/**
 * Refuses globs that select nothing: a misspelt name would otherwise quantize what was to stay float.
 *
 * @throws {InvalidArgumentError} naming the glob and the layers there are
 */
export function assertGlobsMatch(option: string, globs: readonly string[], names: readonly string[]): void {
  const idle = globs.find((glob) => !names.some((name) => matches(glob, name)));
  if (idle === undefined) return;
  const some = names.slice(0, 12).join(', ');
  throw new InvalidArgumentError({
    operation: '[qat-plugin] prepareQat',
    expected: `${option} to match a layer (${some}${names.length > 12 ? `, and ${names.length - 12} more` : ''})`,
    received: JSON.stringify(idle),
    hint: 'Names are those of model.summary(); layers of nested models are "outer/inner".',
  });
}
