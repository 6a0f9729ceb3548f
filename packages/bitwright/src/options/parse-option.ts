import { isAbsolute, resolve } from 'node:path';
import { UsageError } from '../errors';
import type { OptionSpec } from './option-table';

type Parsed = string | number | boolean | readonly string[];

/**
 * Value of one option from text.
 *
 * @param where what a message calls it: `--batch-size`, `BITWRIGHT_BATCH_SIZE`
 * @throws {UsageError} when the text is no value of this kind
 */
export function parseText(spec: OptionSpec, text: string, where: string): Parsed {
  switch (spec.kind) {
    case 'integer':
      return checkInteger(spec, /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN, where, `'${text}'`);
    case 'flag':
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      if (/^(0|false|no|off)$/i.test(text)) return false;
      throw wrong(where, 'true or false', `'${text}'`);
    case 'paths':
    case 'patterns':
    case 'shapes':
      return [checkText(spec, text, where)];
    default:
      return checkText(spec, text, where);
  }
}

/**
 * Value of one option from a config file. Relative paths start at the folder of the file.
 *
 * @throws {UsageError} when the value has another type
 */
export function parseFileValue(spec: OptionSpec, value: unknown, where: string, folder: string): Parsed {
  switch (spec.kind) {
    case 'integer':
      return checkInteger(spec, typeof value === 'number' ? value : Number.NaN, where, print(value));
    case 'flag':
      if (typeof value === 'boolean') return value;
      throw wrong(where, 'true or false', print(value));
    case 'numbers':
      if (isNumbers(value)) return value.join(',');
      return typeof value === 'number' ? `${value}` : asText(spec, value, where);
    case 'shapes':
      return fileShapes(spec, value, where);
    case 'paths':
      return asTexts(spec, value, where).map((path) => rebase(path, folder));
    case 'patterns':
      return asTexts(spec, value, where);
    case 'path':
      return rebase(asText(spec, value, where), folder);
    default:
      return asText(spec, value, where);
  }
}

// — internals —

function fileShapes(spec: OptionSpec, value: unknown, where: string): readonly string[] {
  if (isNumbers(value)) return [value.join('x')];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).map(([name, dims]) => {
      if (isNumbers(dims)) return `${name}=${dims.join('x')}`;
      throw wrong(`${where}.${name}`, 'an array of numbers', print(dims));
    });
  }
  return asTexts(spec, value, where);
}

function asTexts(spec: OptionSpec, value: unknown, where: string): readonly string[] {
  if (Array.isArray(value)) return value.map((item) => asText(spec, item, where));
  return [asText(spec, value, where)];
}

function asText(spec: OptionSpec, value: unknown, where: string): string {
  if (typeof value === 'string') return checkText(spec, value, where);
  throw wrong(where, `a string${spec.choices === undefined ? '' : ` (${spec.choices.join(', ')})`}`, print(value));
}

function checkText(spec: OptionSpec, text: string, where: string): string {
  if (text === '') throw wrong(where, 'a value', 'an empty string');
  if (spec.choices === undefined || spec.choices.includes(text)) return text;
  throw wrong(where, `one of ${spec.choices.join(', ')}`, `'${text}'`);
}

function checkInteger({ minimum = 1 }: OptionSpec, value: number, where: string, received: string): number {
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  throw wrong(where, `a whole number of at least ${minimum}`, received);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number');
}

/** `calib.npy` and `name=calib.npy` from another folder than the current one. */
function rebase(path: string, folder: string): string {
  const prefix = /^[^=/\\]+=/.exec(path)?.[0] ?? '';
  const rest = path.slice(prefix.length);
  return isAbsolute(rest) ? path : `${prefix}${resolve(folder, rest)}`;
}

function print(value: unknown): string {
  return (JSON.stringify(value) ?? typeof value).slice(0, 60);
}

function wrong(where: string, expected: string, received: string): UsageError {
  return new UsageError({ operation: where, expected, received });
}
