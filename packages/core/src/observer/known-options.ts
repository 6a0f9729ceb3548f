import { InvalidArgumentError } from '../errors';

/**
 * Refuses misspelt options.
 *
 * @throws {InvalidArgumentError} naming the first key that is not in `known`
 */
export function assertKnownOptions(operation: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new InvalidArgumentError({
    operation,
    expected: `one of ${known.join(', ')}`,
    received: `option "${unknown}"`,
  });
}

/** @throws {InvalidArgumentError} unless `value` is an integer in [least, most] */
export function assertInteger(operation: string, name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new InvalidArgumentError({
    operation,
    expected: `${name} to be an integer in [${least}, ${most}]`,
    received: String(value),
  });
}

/** @throws {InvalidArgumentError} unless least < value < most */
export function assertBetween(operation: string, name: string, value: number, least: number, most: number): void {
  if (value > least && value < most) return;
  throw new InvalidArgumentError({
    operation,
    expected: `${name} between ${least} and ${most}`,
    received: String(value),
  });
}
