import { InvalidArgumentError } from './errors';
import type { AnyQuantizationSpec, QuantizationSpec } from './quantization-spec';
import { asLinearSpec, assertSpec } from './quantization-spec-check';
import { readSpecVersion1 } from './quantization-spec-v1';

/** One reader per published version; a new version adds a line and never changes an old one. */
const readers: Readonly<Record<number, (root: unknown) => AnyQuantizationSpec>> = { 1: readSpecVersion1 };

/**
 * Reads and validates a spec whose schemes are all linear: what exporters and runtimes take.
 *
 * @throws {InvalidArgumentError} for text that is no spec, an unknown version, or a field out of place (with its path)
 * @throws {UnsupportedSchemeError} for parameters that contradict their scheme, or a scheme that is not linear
 */
export function specFromJson(text: string): QuantizationSpec {
  return asLinearSpec(anySpecFromJson(text));
}

/**
 * Reads and validates a spec with number formats of any kind.
 *
 * Every field is checked. A key the format does not know is refused, because it may be a misspelled field or change the
 * meaning of others; other tools put their data under `extensions`, which is kept as it is.
 *
 * @throws {InvalidArgumentError} for text that is no spec, an unknown version, or a field out of place (with its path)
 * @throws {UnsupportedSchemeError} for parameters that contradict their scheme
 */
export function anySpecFromJson(text: string): AnyQuantizationSpec {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw invalid('a quantization spec in JSON', JSON.stringify(text.slice(0, 40)), cause);
  }
  const version = (root as { version?: unknown } | null)?.version;
  const known = Object.keys(readers).join(', ');
  if (typeof version !== 'number' || !Object.hasOwn(readers, version)) {
    const isNewer = typeof version === 'number' && version > 1;
    throw new InvalidArgumentError({
      operation: '[core] specFromJson',
      expected: `a quantization spec of version ${known} at $.version`,
      received: JSON.stringify(version) ?? 'nothing',
      hint: isNewer ? 'It was written by a newer release: update this one.' : undefined,
    });
  }
  const spec = (readers[version] as (root: unknown) => AnyQuantizationSpec)(root);
  assertSpec(spec, '[core] specFromJson');
  return spec;
}

function invalid(expected: string, received: string, cause: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[core] specFromJson', expected, received, cause });
}
