import type { compareOptions } from '../commands/compare-options';
import type { inspectOptions } from '../commands/inspect-options';
import type { quantizeOptions } from '../commands/quantize-options';
import type { commonOptions } from '../options/common-options';
import type { FileValues } from '../options/option-table';

type Quantize = FileValues<typeof quantizeOptions & typeof commonOptions>;
type Compare = FileValues<typeof compareOptions & typeof commonOptions>;
type Inspect = FileValues<typeof inspectOptions & typeof commonOptions>;

/**
 * What `bitwright.config.{ts,mjs,json}` may hold: options by their camelCase names, for every command that knows them,
 * or for one command under its name. Relative paths start at the folder of the file.
 */
export interface Config extends Quantize, Compare, Inspect {
  readonly quantize?: Quantize;
  readonly compare?: Compare;
  readonly inspect?: Inspect;
}

/** Returns the config unchanged; it is there so that editors check and complete the keys. */
export function defineConfig(config: Config): Config {
  return config;
}
