import {
  apot,
  dorefa,
  dsq,
  irNet,
  lsq,
  lsqPlus,
  pact,
  type QatOptions,
  qil,
  rSign,
  ste,
  steSign,
} from '@bitwright/qat-plugin';

import type { ActivationKind, Shortcuts } from './resnet20';
import type { Schedule } from './schedule';

/** One training to measure. The same schedule for all rows of a bit-width and label. */
export interface QatRow {
  readonly id: string;
  /** Bits of weights and activations, 32 for float. */
  readonly weights: number;
  readonly activations: number;
  readonly method: string;
  readonly schedule: Schedule;
  /** None: float training. */
  readonly options?: () => QatOptions;
  /** Default `resnet20`. */
  readonly network?: 'resnet20' | 'mobileNet';
  /** The row whose trained weights this one starts from. Default: ResNet-20's float weights, random ones for `mobileNet`. */
  readonly startsFrom?: string;
  /** What stands for ReLU; one-bit activations need both signs. Default `relu`. */
  readonly activationKind?: ActivationKind;
  /** Default `unit`. */
  readonly shortcuts?: Shortcuts;
  /** Post-training quantization of the same start is measured beside it; other rows have it from ptq's own bench. */
  readonly measuresLevelTwo?: boolean;
}

const target = 'academic';

const short8: Schedule = { epochs: 1, learningRate: 0.001, warmUp: 0, distillation: 0 };
const short4: Schedule = { epochs: 3, learningRate: 0.01, warmUp: 0.02, distillation: 0.5 };
const short3: Schedule = { epochs: 3, learningRate: 0.02, warmUp: 0.02, distillation: 0.5 };
const short2: Schedule = { epochs: 5, learningRate: 0.02, warmUp: 0.02, distillation: 0.5 };
const long3: Schedule = { ...short3, epochs: 15 };
const long2: Schedule = { ...short2, epochs: 15 };
const weightsOnly: Schedule = { epochs: 5, learningRate: 0.05, warmUp: 0.02, distillation: 0.5 };
/** Batches of 64: twice the updates of the same images, which few epochs lack most. */
const weightsOnlyLong: Schedule = { epochs: 6, learningRate: 0.03, warmUp: 0.02, distillation: 0, batchSize: 64 };
/** The float model alone as the target: it knows 25,000 images that these rows do not have. */
const distilled: Schedule = {
  epochs: 10,
  learningRate: 0.03,
  warmUp: 0.02,
  distillation: 1,
  temperature: 4,
  batchSize: 64,
};
/** The float model as the only target is worse here (84.9 %): few epochs need the labels. */
const oneBitWeights: Schedule = { ...weightsOnly, learningRate: 0.03, batchSize: 64 };
const signsFirst: Schedule = { epochs: 3, learningRate: 0.05, warmUp: 0.02, distillation: 0, batchSize: 64 };
/** In 400 steps on training images, the float model as the only target and Adam were each worth three points over labels and SGD. */
const binaryLong: Schedule = { ...distilled, epochs: 40, learningRate: 0.006, optimizer: 'adam' };
const mobileFloat: Schedule = { epochs: 12, learningRate: 0.1, warmUp: 0.05, distillation: 0 };
/** Float and four bits go on alike from the same network. */
const mobileMore: Schedule = { epochs: 8, learningRate: 0.02, warmUp: 0.02, distillation: 0 };
const binary: Schedule = { epochs: 7, learningRate: 0.1, warmUp: 0.02, distillation: 0.5 };

export function row(
  method: string,
  bits: readonly [weights: number, activations: number],
  schedule: Schedule,
  options: () => Omit<QatOptions, 'target'> & { target?: string },
  extra: Partial<QatRow> = {},
): QatRow {
  const [weights, activations] = bits;
  return {
    id: `w${weights}a${activations}-${method}`,
    weights,
    activations,
    method,
    schedule,
    options: () => ({ target, ...options() }),
    ...extra,
  };
}

/** IR-Net's estimator up to slope 2: at the paper's 10, signs beyond ±0.15 learn nothing in the last quarter of a short training. */
const gentle = irNet({ to: 2 });
/** A shortcut around every convolution, as IR-Net's own 86.5 % has. */
const biReal = { activationKind: 'hardTanh', shortcuts: 'convolution' } as const;

/** Every row, most telling first. */
export const qatRows: readonly QatRow[] = [
  row('lsq', [4, 4], short4, () => ({ weights: lsq({ bits: 4 }), activations: lsq({ bits: 4 }) })),
  row('dsq', [4, 4], short4, () => ({ weights: dsq({ bits: 4 }), activations: dsq({ bits: 4 }) })),
  row('ste', [8, 8], short8, () => ({
    target: 'ort-x64-vnni',
    weights: ste({ bits: 8 }),
    activations: ste({ bits: 8 }),
  })),
  row('irnet', [1, 32], oneBitWeights, () => ({ weights: gentle, activations: null, skip: ['first', 'last'] })),
  row('lsq', [2, 2], short2, () => ({ weights: lsq({ bits: 2 }), activations: lsq({ bits: 2 }) })),
  row('lsq', [2, 2], long2, () => ({ weights: lsq({ bits: 2 }), activations: lsq({ bits: 2 }) }), {
    id: 'w2a2-lsq-long',
  }),
  row('irnet', [1, 1], binary, () => ({ weights: irNet(), activations: irNet(), skip: ['first', 'last'] }), {
    activationKind: 'hardTanh',
  }),
  row('dsq', [2, 2], short2, () => ({ weights: dsq({ bits: 2 }), activations: dsq({ bits: 2 }) })),
  row('ste', [4, 4], short4, () => ({ weights: ste({ bits: 4 }), activations: ste({ bits: 4 }) })),
  row('dorefa', [4, 4], short4, () => ({ weights: dorefa({ bits: 4 }), activations: dorefa({ bits: 4 }) })),
  row('pact', [4, 4], short4, () => ({ weights: pact({ bits: 4 }), activations: pact({ bits: 4 }) })),
  row('lsqplus', [4, 4], short4, () => ({ weights: lsqPlus({ bits: 4 }), activations: lsqPlus({ bits: 4 }) })),
  row('qil', [4, 4], short4, () => ({ weights: qil({ bits: 4 }), activations: qil({ bits: 4 }) })),
  row('apot', [4, 4], short4, () => ({ weights: apot({ bits: 4 }), activations: apot({ bits: 4 }) })),
  row('lsq', [3, 3], short3, () => ({ weights: lsq({ bits: 3 }), activations: lsq({ bits: 3 }) })),
  row('lsq', [3, 3], long3, () => ({ weights: lsq({ bits: 3 }), activations: lsq({ bits: 3 }) }), {
    id: 'w3a3-lsq-long',
  }),
  row('dsq', [3, 3], short3, () => ({ weights: dsq({ bits: 3 }), activations: dsq({ bits: 3 }) })),
  row('lsq', [2, 32], weightsOnly, () => ({ weights: lsq({ bits: 2 }), activations: null })),
  row('dsq', [2, 32], weightsOnly, () => ({ weights: dsq({ bits: 2 }), activations: null })),
  row('bnn', [1, 1], binary, () => ({ weights: steSign(), activations: steSign(), skip: ['first', 'last'] }), {
    activationKind: 'hardTanh',
  }),
  row('reactnet', [1, 1], binary, () => ({ weights: irNet(), activations: rSign(), skip: ['first', 'last'] }), {
    activationKind: 'rPReLU',
  }),
  row('dsq', [1, 32], oneBitWeights, () => ({ weights: dsq({ bits: 1 }), activations: null, skip: ['first', 'last'] })),
  row('irnet', [1, 32], weightsOnlyLong, () => ({ weights: irNet(), activations: null, skip: ['first', 'last'] }), {
    id: 'w1a32-irnet-long',
  }),
  row(
    'irnet',
    [1, 32],
    distilled,
    () => ({ weights: irNet({ from: 1 }), activations: null, skip: ['first', 'last'] }),
    {
      id: 'w1a32-irnet-distilled',
      startsFrom: 'w1a32-irnet-long',
    },
  ),
  row('irnet', [32, 1], signsFirst, () => ({ weights: null, activations: gentle, skip: ['first', 'last'] }), {
    ...biReal,
    id: 'w32a1-irnet',
  }),
  row('irnet', [1, 1], binaryLong, () => ({ weights: gentle, activations: gentle, skip: ['first', 'last'] }), {
    ...biReal,
    id: 'w1a1-irnet-long',
    startsFrom: 'w32a1-irnet',
  }),
  row('irnet', [1, 1], binaryLong, () => ({ weights: gentle, activations: gentle, skip: ['first', 'last'] }), {
    ...biReal,
    id: 'w1a1-irnet-again',
    startsFrom: 'w1a1-irnet-long',
  }),
  {
    id: 'mobilenet-float',
    weights: 32,
    activations: 32,
    method: 'float',
    network: 'mobileNet',
    schedule: mobileFloat,
  },
  {
    id: 'mobilenet-float-more',
    weights: 32,
    activations: 32,
    method: 'float',
    network: 'mobileNet',
    startsFrom: 'mobilenet-float',
    schedule: mobileMore,
  },
  row('lsq', [4, 4], mobileMore, () => ({ weights: lsq({ bits: 4 }), activations: lsq({ bits: 4 }) }), {
    id: 'mobilenet-w4a4-lsq',
    network: 'mobileNet',
    startsFrom: 'mobilenet-float',
    measuresLevelTwo: true,
  }),
];

/** @throws {Error} when no row has the id */
export function findRow(id: string): QatRow {
  const found = qatRows.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no row "${id}"; there are ${qatRows.map((one) => one.id).join(', ')}`);
  return found;
}
