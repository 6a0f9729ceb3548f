import { sampleOptions } from './sample-options';

const ownOptions = {
  data: {
    flags: '-d, --data <path>',
    kind: 'paths',
    description:
      'samples to run: .npy, .npz, .u8 and other raw files, .jsonl, a folder of images, or a module; name=path for each input of a model with several',
    group: 'Data:',
  },
  labels: {
    flags: '-l, --labels <file>',
    kind: 'path',
    description: 'class of every sample: measures top-1 of the first output',
    group: 'Data:',
  },
  batchSize: {
    flags: '--batch-size <n>',
    kind: 'integer',
    description: 'samples per run',
    group: 'How to run:',
    shownDefault: '16',
  },
  threads: {
    flags: '--threads <n>',
    kind: 'integer',
    description: 'threads of the native kernels',
    group: 'How to run:',
    shownDefault: '1',
  },
  reference: {
    flags: '--reference',
    kind: 'flag',
    description: 'run the TypeScript operators instead of the native kernels: slow, the same bits',
    group: 'How to run:',
    isFlagOnly: true,
  },
  output: {
    flags: '-o, --output <file>',
    kind: 'path',
    description: 'write the first output of all samples, float32 .npy',
    group: 'Output:',
  },
  force: {
    flags: '-f, --force',
    kind: 'flag',
    description: 'replace an existing file',
    group: 'Output:',
    isFlagOnly: true,
  },
} as const;

const { data, labels, ...others } = ownOptions;

/** Options of `bitwright run`. */
export const runOptions: typeof ownOptions & typeof sampleOptions = { data, labels, ...sampleOptions, ...others };
