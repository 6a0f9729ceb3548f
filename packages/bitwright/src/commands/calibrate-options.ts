import type { OptionSpec } from '../options/option-table';
import { quantizeOptions } from './quantize-options';
import { sampleOptions } from './sample-options';

const { data, samples, seed, target, activationRange, exclude, bits, equalize, batchSize } = quantizeOptions;

type SharedKey =
  | 'data'
  | 'samples'
  | 'seed'
  | keyof typeof sampleOptions
  | 'target'
  | 'activationRange'
  | 'exclude'
  | 'bits'
  | 'equalize'
  | 'batchSize';

/** Options of `quantize` that statistics depend on, with the defaults they have here. */
const shared: { readonly [Key in SharedKey]: OptionSpec & Pick<(typeof quantizeOptions)[Key], 'kind'> } = {
  data,
  samples: { ...samples, shownDefault: '512' },
  seed,
  ...sampleOptions,
  target,
  activationRange,
  exclude,
  bits,
  equalize,
  batchSize: { ...batchSize, shownDefault: 'what the caches hold, or what the model fixes' },
};

const own = {
  shard: {
    flags: '--shard <i/n>',
    kind: 'text',
    description: 'only the i-th of n parts of the samples: 3/16',
    group: 'Sharding:',
    shownDefault: '1/1',
  },
  state: {
    flags: '-o, --state <file>',
    kind: 'path',
    description: 'where the statistics go; a state that is there already is gone on with',
    group: 'Sharding:',
    shownDefault: '<model>.calib.json beside the model',
  },
  restart: {
    flags: '--restart',
    kind: 'flag',
    description: 'forget the state that is there',
    group: 'Sharding:',
    isFlagOnly: true,
  },
} as const;

/** Options of `bitwright calibrate`. */
export const calibrateOptions: typeof shared & typeof own = { ...shared, ...own };
