import { InvalidArgumentError } from '@bitwright/core';
import type { ModelInput } from './model-input';

/** One `--data` argument: a path, and the input it feeds where it names one. */
export interface DataSpec {
  readonly input: string | undefined;
  readonly path: string;
}

const operation = '[bitwright] read --data';

/**
 * Splits `--data` arguments: `path` for the only input (or a container that names its inputs), `name=path` for one.
 *
 * @throws {InvalidArgumentError} when an input is named twice, or paths and names are mixed or too many
 */
export function parseDataSpecs(specs: readonly string[], inputs: readonly ModelInput[]): readonly DataSpec[] {
  const parsed = specs.map((text) => parseSpec(text, inputs));
  const names = inputs.map((input) => input.name).join(', ');
  if (parsed.length === 0) {
    throw refuse(`data for the inputs ${names}`, 'none', 'Give --data <file or folder>.');
  }
  const repeated = parsed.find((spec, index) => parsed.some((other, at) => at < index && other.input === spec.input));
  if (repeated?.input !== undefined) throw refuse('each input once', `'${repeated.input}' twice`);
  if (repeated !== undefined || (parsed.length > 1 && parsed.some((spec) => spec.input === undefined))) {
    const example = inputs.map((input) => `--data ${input.name}=<file>`).join(' ');
    throw refuse('one path, or name=path for every input', specs.join(' '), `Example: ${example}.`);
  }
  return parsed;
}

function parseSpec(text: string, inputs: readonly ModelInput[]): DataSpec {
  const named = inputs
    .filter((input) => text.startsWith(`${input.name}=`))
    .sort((a, b) => b.name.length - a.name.length)[0];
  const path = named === undefined ? text : text.slice(named.name.length + 1);
  if (path === '') throw refuse('a path', `'${text}'`);
  return { input: named?.name, path };
}

function refuse(expected: string, received: string, hint?: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation, expected, received, hint });
}
