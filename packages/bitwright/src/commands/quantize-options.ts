import { targets } from '@bitwright/core';
import { rangeSelectorNames } from '@bitwright/ptq';
import { preprocessPresets } from '../data/preprocess';

/** Ids that `--target` takes. */
export const targetNames: string = targets.map(({ id }) => id).join(', ');

const presetNames = Object.keys(preprocessPresets).join(', ');
const rangeNames = rangeSelectorNames.filter((name) => name !== 'auto').join(', ');

/** Options of `bitwright quantize`. */
export const quantizeOptions = {
  data: {
    flags: '-d, --data <path>',
    kind: 'paths',
    description:
      'calibration samples: .npy, .npz, .u8 and other raw files, .jsonl, a folder of images, or a module that exports samples; name=path for each input of a model with several',
    group: 'Data:',
  },
  labels: {
    flags: '-l, --labels <file>',
    kind: 'path',
    description: 'class of every sample: measures top-1 of both models on the exported file',
    group: 'Data:',
  },
  evalData: {
    flags: '--eval-data <path>',
    kind: 'paths',
    description: 'samples the labels belong to',
    group: 'Data:',
    shownDefault: 'the calibration data',
  },
  samples: {
    flags: '--samples <n>',
    kind: 'integer',
    description: 'calibration samples used at most, chosen at random',
    group: 'Data:',
    shownDefault: '512, with --dtype 128',
  },
  seed: {
    flags: '--seed <n>',
    kind: 'integer',
    minimum: 0,
    description: 'of that choice, and of random data',
    group: 'Data:',
    shownDefault: '0',
  },
  shape: {
    flags: '--shape <shape>',
    kind: 'shapes',
    description: '32x32x3: one sample of a raw file; input=1x3x32x32: an input whose size the model leaves open',
    group: 'Data:',
  },
  allowRandom: {
    flags: '--allow-random',
    kind: 'flag',
    description: 'calibrate on random numbers when there is no data; the report says so',
    group: 'Data:',
    isFlagOnly: true,
  },
  skipUnreadable: {
    flags: '--skip-unreadable',
    kind: 'flag',
    description: 'go on without images that cannot be read',
    group: 'Data:',
  },
  preprocess: {
    flags: '--preprocess <name>',
    kind: 'text',
    description: `preset: ${presetNames}; the options below change single parts of it` as string,
    group: 'How images become inputs:',
  },
  resize: {
    flags: '--resize <size>',
    kind: 'text',
    description: '256 (shorter side), 240x320 (height x width), 240x320:cover, none',
    group: 'How images become inputs:',
  },
  crop: {
    flags: '--crop <size>',
    kind: 'text',
    description: '224, 224x192 or none, from the centre',
    group: 'How images become inputs:',
  },
  scale: {
    flags: '--scale <factor>',
    kind: 'numbers',
    description: 'pixels are multiplied by it first',
    group: 'How images become inputs:',
    shownDefault: '1/255',
  },
  mean: {
    flags: '--mean <numbers>',
    kind: 'numbers',
    description: 'subtracted next, in scaled units: 0.485,0.456,0.406',
    group: 'How images become inputs:',
  },
  std: {
    flags: '--std <numbers>',
    kind: 'numbers',
    description: 'divided by last: 0.229,0.224,0.225',
    group: 'How images become inputs:',
  },
  layout: {
    flags: '--layout <layout>',
    kind: 'text',
    choices: ['nchw', 'nhwc'],
    description: 'order of the axes',
    group: 'How images become inputs:',
    shownDefault: 'from the model',
  },
  channels: {
    flags: '--channels <order>',
    kind: 'text',
    choices: ['rgb', 'bgr', 'gray'],
    description: 'order of the channels',
    group: 'How images become inputs:',
    shownDefault: 'rgb',
  },
  target: {
    flags: '-t, --target <id>',
    kind: 'text',
    description: `where the result will run: ${targetNames}` as string,
    group: 'How to quantize:',
    shownDefault: 'onnxruntime on this kind of machine',
  },
  activationRange: {
    flags: '--activation-range <name>',
    kind: 'text',
    description:
      `how ranges of activations are chosen: ${rangeNames}, some with an argument as in percentile(99.99); auto tries several per tensor and keeps what leaves the outputs closest to float` as string,
    group: 'How to quantize:',
    shownDefault: 'mse',
  },
  weightRange: {
    flags: '--weight-range <name>',
    kind: 'text',
    description: 'how ranges of weights are chosen: the same names',
    group: 'How to quantize:',
    shownDefault: 'fullRange, for bits under a budget mse',
  },
  exclude: {
    flags: '-x, --exclude <pattern>',
    kind: 'patterns',
    description: 'leave nodes in float: a glob over node names, or op:Type',
    group: 'How to quantize:',
  },
  dtype: {
    flags: '--dtype <names>',
    kind: 'text',
    description:
      'weights only, no data needed: q8, int8, uint8, q4, q4f16, q2, fp16, bnb4, several with commas; writes the files transformers.js loads (model_q4.onnx, …) into the output folder',
    group: 'How to quantize:',
  },
  method: {
    flags: '--method <name>',
    kind: 'text',
    choices: ['rtn', 'mse', 'hqq', 'gptq'],
    description: 'how low-bit weights are chosen; gptq needs --data',
    group: 'With --dtype:',
    shownDefault: 'mse',
  },
  blockSize: {
    flags: '--block-size <n>',
    kind: 'integer',
    description: 'weights that share a scale: 16, 32, 64, 128 or 256',
    group: 'With --dtype:',
    shownDefault: '32, bnb4: 64',
  },
  asymmetric: {
    flags: '--asymmetric',
    kind: 'flag',
    description: 'low-bit blocks with zero points: a little larger, a little closer',
    group: 'With --dtype:',
  },
  accuracyLevel: {
    flags: '--accuracy-level <n>',
    kind: 'integer',
    minimum: 0,
    description: 'of MatMulNBits: 4 lets activations be rounded to int8 block by block, 0 computes in float',
    group: 'With --dtype:',
    shownDefault: '4',
  },
  keepFloat32: {
    flags: '--keep-float32 <pattern>',
    kind: 'patterns',
    description: 'nodes that compute in float32 inside a float16 model: a glob over names, or op:Type',
    group: 'With --dtype:',
  },
  bits: {
    flags: '--bits <wXaY>',
    kind: 'text',
    description: 'bits of weights and activations, 2 to 8: w8a8, w4a8, w4a4, …; first and last layers keep 8',
    group: 'How to quantize:',
    shownDefault: 'w8a8',
  },
  narrowSkips: {
    flags: '--narrow-skips',
    kind: 'flag',
    description: 'with 4-bit activations: additions, too, read a value in 4 bits where a layer does (default: in 8)',
    group: 'How to quantize:',
  },
  layerBits: {
    flags: '--layer-bits <pattern=bits>',
    kind: 'patterns',
    description: "bits of single layers by hand: 'layer4/*=w4a8', 'fc=float'; a glob over node names, later ones win",
    group: 'How to quantize:',
  },
  maxSize: {
    flags: '--max-size <size>',
    kind: 'text',
    description:
      'bits per layer by measured sensitivity, so that packed weights take at most: 60% (of 8 bits), 300kB, 2MB',
    group: 'Bits under a budget:',
  },
  maxBops: {
    flags: '--max-bops <n>',
    kind: 'text',
    description: 'the same with a limit on bit operations (MACs x weight bits x activation bits): 50%, 2.5G',
    group: 'Bits under a budget:',
  },
  maxLatency: {
    flags: '--max-latency <share>',
    kind: 'text',
    description:
      "the same with a limit on time at the target's peak rates: 150% (of 8 bits); lets layers stay in float",
    group: 'Bits under a budget:',
  },
  minimize: {
    flags: '--minimize <cost>',
    kind: 'text',
    choices: ['size', 'bops', 'latency'],
    description: 'with --max-drop and labels: bits per layer that cost least and lose no more accuracy',
    group: 'Bits under a budget:',
  },
  candidates: {
    flags: '--candidates <bits>',
    kind: 'text',
    description: 'what a layer may get: w8a8,w4a8,float',
    group: 'Bits under a budget:',
    shownDefault: 'w8a8 down to w2a8, for bops down to w2a4, for latency float, w8a8 and w4a4',
  },
  sensitivity: {
    flags: '--sensitivity <metric>',
    kind: 'text',
    choices: ['kl', 'sqnr', 'hessian'],
    description: 'how the loss of a layer is measured',
    group: 'Bits under a budget:',
    shownDefault: 'kl',
  },
  maxDrop: {
    flags: '--max-drop <percent>',
    kind: 'text',
    description:
      'tries one technique after another until the file loses at most this much accuracy: 0.5%; needs --labels; the best so far is always saved',
    group: 'Until it is accurate:',
  },
  budget: {
    flags: '--budget <time>',
    kind: 'text',
    description: 'time after which nothing more is tried: 90s, 10m, 2h',
    group: 'Until it is accurate:',
    shownDefault: 'no limit',
  },
  resume: {
    flags: '--resume',
    kind: 'flag',
    description: 'go on with the climb that <output>.ladder.json tells of',
    group: 'Until it is accurate:',
    isFlagOnly: true,
  },
  rounding: {
    flags: '--rounding <name>',
    kind: 'text',
    choices: ['nearest', 'gptq', 'adaround', 'brecq'],
    description:
      'how weights are rounded; gptq and adaround use the samples, for 4 bits and below; brecq also learns activation scales, for 4-bit activations',
    group: 'How to quantize:',
    shownDefault: 'nearest',
  },
  iterations: {
    flags: '--iterations <n>',
    kind: 'integer',
    description: 'with --rounding brecq: iterations per block',
    group: 'How to quantize:',
    shownDefault: '300',
  },
  equalize: {
    flags: '--equalize',
    kind: 'flag',
    description: 'cross-layer equalization first: for channels of very different range',
    group: 'How to quantize:',
  },
  smooth: {
    flags: '--smooth <alpha>',
    kind: 'text',
    description:
      "SmoothQuant for transformers: the share of outlier channels' range that moves into the weights, 0 to 1, e.g. 0.5",
    group: 'How to quantize:',
  },
  biasCorrection: {
    flags: '--bias-correction',
    kind: 'flag',
    negation: 'leave biases as they are',
    description:
      'take the mean error of every channel out of its bias (default: with 8 bits, for targets that read .onnx files)',
    group: 'How to quantize:',
  },
  perTensor: {
    flags: '--per-tensor',
    kind: 'flag',
    description: 'one scale per weight tensor instead of one per output channel',
    group: 'How to quantize:',
  },
  statistics: {
    flags: '--statistics <file>',
    kind: 'path',
    description: 'ranges from a state of `bitwright calibrate` or `merge` instead of a run over the data',
    group: 'How to quantize:',
  },
  batchSize: {
    flags: '--batch-size <n>',
    kind: 'integer',
    description: 'samples per run',
    group: 'How to quantize:',
    shownDefault: '32, with --dtype 8, for calibration what the caches hold, or what the model fixes',
  },
  threads: {
    flags: '--threads <n>',
    kind: 'integer',
    description: 'threads inside one operator, for the timing',
    group: 'How to quantize:',
    shownDefault: 'the choice of onnxruntime',
  },
  verify: {
    flags: '--no-verify',
    kind: 'flag',
    description: 'do not load, run, compare and time the result',
    group: 'How to quantize:',
  },
  to: {
    flags: '--to <formats>',
    kind: 'text',
    description:
      'also export for other toolchains, several with commas: tflite, ncnn and all else that `bitwright export --help` lists; decides the target where none is given',
    group: 'Output:',
  },
  formatVersion: {
    flags: '--format-version <version>',
    kind: 'text',
    description: 'version or flavour of the format of --to',
    group: 'Output:',
    shownDefault: 'the format’s first',
  },
  io: {
    flags: '--io <type>',
    kind: 'text',
    choices: ['float32', 'int8'],
    description: 'type of inputs and outputs of a .tflite file',
    group: 'Output:',
    shownDefault: 'float32',
  },
  output: {
    flags: '-o, --output <path>',
    kind: 'path',
    description: 'the quantized model, or a folder for it; with --dtype a folder',
    group: 'Output:',
    shownDefault: '<model>.int8.onnx beside the model',
  },
  spec: {
    flags: '--spec <file>',
    kind: 'path',
    description: 'every scale and zero point, as JSON',
    group: 'Output:',
    shownDefault: '<output>.spec.json',
  },
  report: {
    flags: '--report <file>',
    kind: 'path',
    description: 'what was done and measured, as JSON',
    group: 'Output:',
    shownDefault: '<output>.report.json, with --dtype none',
  },
  force: {
    flags: '-f, --force',
    kind: 'flag',
    description: 'replace existing files',
    group: 'Output:',
    isFlagOnly: true,
  },
  dryRun: {
    flags: '-n, --dry-run',
    kind: 'flag',
    description: 'check everything, print the plan, write nothing',
    group: 'Output:',
    isFlagOnly: true,
  },
} as const;
