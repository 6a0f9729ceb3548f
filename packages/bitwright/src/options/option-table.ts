/**
 * How an option is written, on the command line, in the environment and in a config file:
 *
 * - `text`, `path`: a string; `paths`, `patterns`: a string or an array of strings
 * - `integer`, `flag`: a number or a boolean
 * - `numbers`: `0.5,0.5`, a number or an array of numbers
 * - `shapes`: `32x32x3` or `input=1x3x32x32`; in a file also `{ input: [1, 3, 32, 32] }` or `[32, 32, 3]`
 */
export type OptionKind = 'text' | 'path' | 'paths' | 'patterns' | 'integer' | 'flag' | 'numbers' | 'shapes';

/** One option, as data: flags, environment variable and config key all follow from it. */
export interface OptionSpec {
  /** As the argument parser takes them: `-o, --output <path>`. Lists are given by repeating the flag. */
  readonly flags: string;
  readonly kind: OptionKind;
  readonly description: string;
  /** Heading in the help. */
  readonly group?: string;
  /** Smallest integer allowed; default 1. */
  readonly minimum?: number;
  readonly choices?: readonly string[];
  /** What the help prints as the default. */
  readonly shownDefault?: string;
  /** What `--no-…` beside a flag does, where it can be given. */
  readonly negation?: string;
  /** Only on the command line: what one run does, rather than how the project is set up. */
  readonly isFlagOnly?: boolean;
}

/** Options of a command, by the camelCase key that config files use. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

interface KindValue {
  readonly text: string;
  readonly path: string;
  readonly paths: readonly string[];
  readonly patterns: readonly string[];
  readonly integer: number;
  readonly flag: boolean;
  readonly numbers: string;
  readonly shapes: readonly string[];
}

interface FileKindValue extends Omit<KindValue, 'numbers' | 'shapes' | 'paths' | 'patterns'> {
  readonly paths: string | readonly string[];
  readonly patterns: string | readonly string[];
  readonly numbers: string | number | readonly number[];
  readonly shapes: string | readonly string[] | readonly number[] | Readonly<Record<string, readonly number[]>>;
}

/** Options after flags, environment, file and defaults have been joined. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Key in keyof Table]: KindValue[Table[Key]['kind']] | undefined;
};

/** The same options as a config file may give them. */
export type FileValues<Table extends OptionTable> = {
  readonly [Key in keyof Table as Table[Key] extends { readonly isFlagOnly: true }
    ? never
    : Key]?: FileKindValue[Table[Key]['kind']];
};

/** `batchSize` → `BITWRIGHT_BATCH_SIZE`. */
export function environmentName(key: string): string {
  return `BITWRIGHT_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `-o, --output <path>` → `--output`. */
export function longFlag(flags: string): string {
  return flags.split(/[ ,]+/).find((part) => part.startsWith('--')) ?? flags;
}
