import { InvalidArgumentError } from '@bitwright/core';
import { parseShape } from '../data/raw';

/** What the `--shape` options say. */
export interface ParsedShapes {
  /** Sizes of whole inputs, by name: `input=1x3x32x32`. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Sizes of one sample of a raw file: `32x32x3`. */
  readonly sample: readonly number[] | undefined;
}

/**
 * Splits `--shape` texts into those with a name and the one without.
 *
 * @throws {InvalidArgumentError} when a text is no shape, or there are two for the same thing
 */
export function parseShapes(texts: readonly string[]): ParsedShapes {
  const inputs: Record<string, readonly number[]> = {};
  let sample: readonly number[] | undefined;
  for (const text of texts) {
    const split = text.lastIndexOf('=');
    const dims = parseShape(text.slice(split + 1));
    const name = text.slice(0, Math.max(0, split));
    if (split < 0 ? sample !== undefined : Object.hasOwn(inputs, name)) {
      throw new InvalidArgumentError({
        operation: '[bitwright] read --shape',
        expected: split < 0 ? 'one shape without a name' : `one shape for '${name}'`,
        received: texts.join(', '),
      });
    }
    if (split < 0) sample = dims;
    else inputs[name] = dims;
  }
  return Object.freeze({ inputs, sample });
}
