import { InvalidArgumentError } from '../errors';

/**
 * Refuses options a scheme does not have, so that a misspelt one is not ignored.
 *
 * @throws {InvalidArgumentError} naming the unknown option
 */
export function assertKnownOptions(operation: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new InvalidArgumentError({
    operation,
    expected: `one of the options ${known.join(', ')}`,
    received: `unknown option "${unknown}"`,
  });
}

/**
 * The value, if it is one of the allowed ones.
 *
 * @throws {InvalidArgumentError} otherwise
 */
export function oneOf<T extends string | boolean>(
  operation: string,
  option: string,
  value: T,
  allowed: readonly T[],
): T {
  if (allowed.includes(value)) return value;
  throw new InvalidArgumentError({
    operation,
    expected: `${option} ${allowed.join(' or ')}`,
    received: JSON.stringify(value) ?? 'nothing',
  });
}

/**
 * An integer number of bits within [least, most].
 *
 * @throws {InvalidArgumentError} otherwise
 */
export function bitsWithin(operation: string, bits: number, least: number, most: number): number {
  if (Number.isInteger(bits) && bits >= least && bits <= most) return bits;
  throw new InvalidArgumentError({ operation, expected: `${least} to ${most} bits`, received: String(bits) });
}

/**
 * The fields of a scheme in JSON, without `kind`.
 *
 * @throws {InvalidArgumentError} when it is no object of that kind
 */
export function schemeFields(operation: string, json: unknown, kind: string): Record<string, unknown> {
  const { kind: found, ...fields } = (json ?? {}) as Record<string, unknown>;
  if (found === kind) return fields;
  throw new InvalidArgumentError({
    operation,
    expected: `a scheme of kind "${kind}"`,
    received: JSON.stringify(json)?.slice(0, 60) ?? 'nothing',
  });
}
