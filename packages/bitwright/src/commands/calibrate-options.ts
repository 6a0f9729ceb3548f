import { quantizeOptions } from './quantize-options';
import type { sampleOptions } from './sample-options';

/** Options of `quantize` that statistics depend on. */
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

const {
  labels: _labels,
  evalData: _evalData,
  allowRandom: _allowRandom,
  weightRange: _weightRange,
  dtype: _dtype,
  method: _method,
  blockSize: _blockSize,
  asymmetric: _asymmetric,
  accuracyLevel: _accuracyLevel,
  keepFloat32: _keepFloat32,
  narrowSkips: _narrowSkips,
  layerBits: _layerBits,
  maxSize: _maxSize,
  maxBops: _maxBops,
  maxLatency: _maxLatency,
  minimize: _minimize,
  candidates: _candidates,
  sensitivity: _sensitivity,
  maxDrop: _maxDrop,
  budget: _budget,
  resume: _resume,
  rounding: _rounding,
  iterations: _iterations,
  smooth: _smooth,
  biasCorrection: _biasCorrection,
  perTensor: _perTensor,
  statistics: _statistics,
  threads: _threads,
  verify: _verify,
  output: _output,
  spec: _spec,
  report: _report,
  force: _force,
  dryRun: _dryRun,
  ...shared
} = quantizeOptions;

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
export const calibrateOptions: Pick<typeof quantizeOptions, SharedKey> & typeof own = { ...shared, ...own };
