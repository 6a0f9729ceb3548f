import { irNet } from '@bitwright/qat-plugin';
import { type QatRow, row } from './rows';
import type { Schedule } from './schedule';

const short: Schedule = { epochs: 3, learningRate: 0.1, warmUp: 0.02, distillation: 0.5 };
const adam: Schedule = { ...short, learningRate: 0.003, optimizer: 'adam' };

const convolution = { activationKind: 'hardTanh', shortcuts: 'convolution' } as const;

const binary = (name: string, schedule: Schedule, extra: Partial<QatRow>, to = 10): QatRow =>
  row(
    'irnet',
    [1, 1],
    schedule,
    () => ({ weights: irNet({ to }), activations: irNet({ to }), skip: ['first', 'last'] }),
    {
      id: `w1a1-irnet~${name}`,
      ...extra,
    },
  );

/** Short trainings that `--validate` compares to choose a schedule; measured on held-out training images alone. */
export const qatTrials: readonly QatRow[] = [
  binary('conv', short, convolution),
  binary('conv-adam-slope2', adam, convolution, 2),
  binary('conv-none-adam-slope2', adam, { ...convolution, activationKind: 'none' }, 2),
  binary('conv-slope2', short, convolution, 2),
  binary('conv-adam-slope2-64', { ...adam, batchSize: 64 }, convolution, 2),
];
