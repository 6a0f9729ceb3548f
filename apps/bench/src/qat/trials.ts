import { irNet } from '@bitwright/qat-plugin';
import { type QatRow, row } from './rows';
import type { Schedule } from './schedule';

const short: Schedule = { epochs: 3, learningRate: 0.1, warmUp: 0.02, distillation: 0.5 };
const adam: Schedule = { ...short, learningRate: 0.003, optimizer: 'adam' };

const binary = (name: string, schedule: Schedule, extra: Partial<QatRow>, to = 10): QatRow =>
  row('irnet', [1, 1], schedule, () => ({ weights: irNet(), activations: irNet({ to }), skip: ['first', 'last'] }), {
    id: `w1a1-irnet~${name}`,
    ...extra,
  });

/** Short trainings that `--validate` compares to choose a schedule; measured on held-out training images alone. */
export const qatTrials: readonly QatRow[] = [
  binary('conv', short, { activationKind: 'hardTanh', shortcuts: 'convolution' }),
  binary('conv-adam', adam, { activationKind: 'hardTanh', shortcuts: 'convolution' }),
  binary('conv-none', short, { activationKind: 'none', shortcuts: 'convolution' }),
  binary('conv-slope3', short, { activationKind: 'hardTanh', shortcuts: 'convolution' }, 3),
  binary('conv-64', { ...short, batchSize: 64 }, { activationKind: 'hardTanh', shortcuts: 'convolution' }),
];
