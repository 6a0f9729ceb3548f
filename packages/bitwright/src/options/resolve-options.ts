import { environmentName, longFlag, type OptionTable, type OptionValues } from './option-table';
import { parseFileValue, parseText } from './parse-option';

/** Values of a config file, and where they came from. */
export interface FileSection {
  /** Path of the file, for messages. */
  readonly path: string;
  /** Folder of the file: where its relative paths start. */
  readonly folder: string;
  /** Keys this command knows; checked by the loader. */
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Options of one run: flag, else environment, else config file, else undefined.
 *
 * @param flags what the argument parser found, by key: text, true/false, or arrays of text
 * @throws {UsageError} naming the flag, variable or file key whose value is wrong
 */
export function resolveOptions<Table extends OptionTable>(
  table: Table,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  file: FileSection | undefined,
): OptionValues<Table> {
  const entries = Object.entries(table).map(([key, spec]) => {
    const flag = flags[key];
    const name = longFlag(spec.flags);
    if (typeof flag === 'boolean') return [key, flag];
    if (typeof flag === 'string') return [key, parseText(spec, flag, name)];
    if (Array.isArray(flag)) return [key, flag.flatMap((text) => parseText(spec, String(text), name))];
    if (spec.isFlagOnly === true) return [key, undefined];

    const variable = environmentName(key);
    const text = env[variable];
    if (text !== undefined && text !== '') return [key, parseText(spec, text, variable)];
    const value = file?.values[key];
    if (file === undefined || value === undefined) return [key, undefined];
    return [key, parseFileValue(spec, value, `${file.path}: ${key}`, file.folder)];
  });
  return Object.fromEntries(entries) as OptionValues<Table>;
}
