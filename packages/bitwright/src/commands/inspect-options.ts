import { targetNames } from './quantize-options';

/** Options of `bitwright inspect`. */
export const inspectOptions = {
  target: {
    flags: '-t, --target <id>',
    kind: 'text',
    description: `plan for this target: ${targetNames}` as string,
    shownDefault: 'onnxruntime on this kind of machine',
  },
  shape: {
    flags: '--shape <shape>',
    kind: 'shapes',
    description: 'input=1x3x32x32: an input whose size the model leaves open',
  },
  nodes: { flags: '--nodes', kind: 'flag', description: 'list every node', isFlagOnly: true },
} as const;
