import { sampleOptions } from './sample-options';

const ownOptions = {
  data: {
    flags: '-d, --data <path>',
    kind: 'paths',
    description:
      'samples both models run on: .npy, .npz, .u8 and other raw files, .jsonl, a folder of images, or a module; name=path for each input of a model with several',
    group: 'Data:',
  },
  labels: {
    flags: '-l, --labels <file>',
    kind: 'path',
    description: 'class of every sample: measures top-1 of both models',
    group: 'Data:',
  },
  samples: {
    flags: '--samples <n>',
    kind: 'integer',
    description: 'samples the layers are compared on at most, chosen at random',
    group: 'Data:',
    shownDefault: '64',
  },
  seed: {
    flags: '--seed <n>',
    kind: 'integer',
    minimum: 0,
    description: 'of that choice, and of random data',
    group: 'Data:',
    shownDefault: '0',
  },
  allowRandom: {
    flags: '--allow-random',
    kind: 'flag',
    description: 'compare on random numbers when there is no data; the report says so',
    group: 'Data:',
    isFlagOnly: true,
  },
  batchSize: {
    flags: '--batch-size <n>',
    kind: 'integer',
    description: 'samples per run; large models take fewer by themselves',
    group: 'How to measure:',
    shownDefault: '32',
  },
  threads: {
    flags: '--threads <n>',
    kind: 'integer',
    description: 'threads inside one operator, for the timing',
    group: 'How to measure:',
    shownDefault: 'the choice of onnxruntime',
  },
  latencyRuns: {
    flags: '--latency-runs <n>',
    kind: 'integer',
    minimum: 0,
    description: 'timed runs of each model, in turn; 0 = no timing',
    group: 'How to measure:',
    shownDefault: '21',
  },
  latencyBatch: {
    flags: '--latency-batch <n>',
    kind: 'integer',
    description: 'samples in a timed run',
    group: 'How to measure:',
    shownDefault: '1, or what the model fixes',
  },
  failUnderSqnr: {
    flags: '--fail-under-sqnr <dB>',
    kind: 'numbers',
    description: 'exit with 1 when an output has a lower signal-to-noise ratio',
    group: 'For continuous integration:',
  },
  maxLatencyRatio: {
    flags: '--max-latency-ratio <ratio>',
    kind: 'numbers',
    description: 'exit with 1 when quantized time / float time is larger: 1 = never slower',
    group: 'For continuous integration:',
  },
  html: {
    flags: '--html <file>',
    kind: 'path',
    description: 'write a report with charts: one file that needs nothing else',
    group: 'Output:',
  },
  top: {
    flags: '--top <n>',
    kind: 'integer',
    description: 'layers in each list',
    group: 'Output:',
    shownDefault: '10',
  },
  all: { flags: '-a, --all', kind: 'flag', description: 'list every layer', group: 'Output:', isFlagOnly: true },
  force: {
    flags: '-f, --force',
    kind: 'flag',
    description: 'replace an existing report',
    group: 'Output:',
    isFlagOnly: true,
  },
} as const;

const { data, labels, samples, seed, allowRandom, ...others } = ownOptions;

/** Options of `bitwright compare`. */
export const compareOptions: typeof ownOptions & typeof sampleOptions = {
  data,
  labels,
  samples,
  seed,
  allowRandom,
  ...sampleOptions,
  ...others,
};
