/** Options of `bitwright convert`. */
export const convertOptions = {
  opset: {
    flags: '--opset <number>',
    kind: 'integer',
    description: 'version of the ONNX operator set to write, 13 to 25',
    group: 'What to write:',
    shownDefault: '17',
  },
  channelsFirst: {
    flags: '--channels-first',
    kind: 'flag',
    description: 'keep channels of image inputs and outputs in front of height and width, as ONNX models mostly do',
    group: 'What to write:',
  },
  output: {
    flags: '-o, --output <file>',
    kind: 'path',
    description: 'the .onnx file, or the .json file of the TensorFlow.js model',
    group: 'Output:',
    shownDefault: 'beside the model',
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
    description: 'convert and check, write nothing',
    group: 'Output:',
    isFlagOnly: true,
  },
} as const;
