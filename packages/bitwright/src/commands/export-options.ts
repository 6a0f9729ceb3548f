/** Options of `bitwright export`. */
export const exportOptions = {
  to: {
    flags: '--to <formats>',
    kind: 'text',
    description:
      'formats to write, several with commas: tflite, ncnn, tensorrt-cache, tensorrt-ranges, qnn, snpe, openvino-fake-quantize, vitis, mnn, tengine, pplnn, ascend, rknn, nnie, onnx-qdq, onnx-qoperator, tfjs-web, safetensors, npz, packed',
    group: 'What to write:',
    isFlagOnly: true,
  },
  formatVersion: {
    flags: '--format-version <version>',
    kind: 'text',
    description: 'version or flavour of the format: 0.6.1 of qnn, 8601 of tensorrt-cache, mqbench, …',
    group: 'What to write:',
    shownDefault: 'the format’s first',
  },
  io: {
    flags: '--io <type>',
    kind: 'text',
    choices: ['float32', 'int8'],
    description: 'type of inputs and outputs of a .tflite file',
    group: 'What to write:',
    shownDefault: 'float32',
  },
  shape: {
    flags: '--shape <shape>',
    kind: 'shapes',
    description: 'input=1x3x32x32: an input whose size the model leaves open',
    group: 'What to write:',
  },
  model: {
    flags: '--model <file>',
    kind: 'path',
    description: 'float model, where the argument is a spec (.json)',
    group: 'From what:',
  },
  spec: {
    flags: '--spec <file>',
    kind: 'path',
    description: 'spec of `bitwright quantize`, where the model is the float one',
    group: 'From what:',
  },
  target: {
    flags: '-t, --target <id>',
    kind: 'text',
    description: 'target the quantized model was made for',
    group: 'From what:',
    shownDefault: 'the format’s own',
  },
  output: {
    flags: '-o, --output <path>',
    kind: 'path',
    description: 'a folder, or the file where one format of one file is written',
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
    description: 'check everything, write nothing',
    group: 'Output:',
    isFlagOnly: true,
  },
} as const;
