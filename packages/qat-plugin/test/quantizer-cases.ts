import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { calibrateTensor } from '../src/calibration/calibrate-tensor';
import {
  apot,
  approxSign,
  balancedSign,
  dorefa,
  dsq,
  irNet,
  logarithmic,
  lsq,
  lsqPlus,
  magnitudeAwareSign,
  pact,
  progressive,
  qdrop,
  qil,
  quantNoise,
  rSign,
  ste,
  steSign,
  steTern,
  swishSign,
  ternaryWeights,
  tqt,
  xnor,
} from '../src/index';
import type { Quantizer, QuantizerContext, QuantizerState } from '../src/quantizers/quantizer';
import { uniform } from './numeric';

export const weight: QuantizerContext = {
  role: 'weight',
  paramShape: [1, 1, 1, 4],
  elements: 27,
  codes: { qmin: -7, qmax: 7 },
  zeroPoint: 0,
};
export const positive: QuantizerContext = {
  role: 'activation',
  paramShape: [1],
  elements: 108,
  codes: { qmin: 0, qmax: 15 },
  zeroPoint: 0,
};
const signed: QuantizerContext = { ...positive, zeroPoint: 'free' };
export const oneBit = (context: QuantizerContext): QuantizerContext => ({
  ...context,
  codes: { qmin: -1, qmax: 1 },
  zeroPoint: 0,
});

/** Every built-in quantizer in every role it can play. */
export const cases: readonly (readonly [string, Quantizer, QuantizerContext])[] = [
  ...[
    ste({ bits: 4 }),
    ste({ bits: 8 }),
    dorefa({ bits: 4 }),
    pact({ bits: 4 }),
    lsq({ bits: 4 }),
    lsqPlus({ bits: 4 }),
    dsq({ bits: 4 }),
    qil({ bits: 4 }),
    qil({ bits: 4, learnExponent: true }),
    apot({ bits: 4 }),
    tqt({ bits: 4 }),
    logarithmic({ bits: 4 }),
    progressive(lsq({ bits: 4 })),
    quantNoise(lsq({ bits: 4 }), { rate: 0.5 }),
  ].map((q, i) => [`${q.type} ${i} on weights`, q, weight] as const),
  ...[
    ste({ bits: 4 }),
    dorefa({ bits: 4 }),
    pact({ bits: 4 }),
    lsq({ bits: 4 }),
    lsqPlus({ bits: 4 }),
    dsq({ bits: 4 }),
    qil({ bits: 4 }),
    apot({ bits: 4 }),
    apot({ bits: 4, activations: 'apot' }),
    tqt({ bits: 4 }),
    progressive(pact({ bits: 4 })),
    qdrop(lsq({ bits: 4 })),
  ]
    .flatMap((q, i) => [
      [`${q.type} ${i} on tensors ≥ 0`, q, positive] as const,
      [
        `${q.type} ${i} on signed tensors`,
        q,
        q.choosesZeroPoint === true ? signed : { ...positive, zeroPoint: 8 },
      ] as const,
    ])
    .filter(([name]) => !name.startsWith('apot 8 on signed')),
  ...[
    dsq({ bits: 1 }),
    steSign(),
    approxSign(),
    swishSign(),
    irNet(),
    xnor(),
    magnitudeAwareSign(),
    balancedSign(),
    steTern(),
    ternaryWeights(),
  ].map((q) => [`${q.type} on weights`, q, oneBit(weight)] as const),
  ...[dsq({ bits: 1 }), steSign(), approxSign(), swishSign(), irNet(), rSign(), steTern()].map(
    (q) => [`${q.type} on activations`, q, oneBit(positive)] as const,
  ),
];

/** Trained and at inference. */
export const atEnd: QuantizerState = { progress: 1, draws: 3, isTraining: false };

/** The tensor a context stands for, and the quantizer's parameters calibrated to it. */
export function prepare(
  quantizer: Quantizer,
  context: QuantizerContext,
): { x: Tensor; params: Record<string, Tensor> } {
  const low = context.role === 'activation' && context.zeroPoint === 0 && context.codes.qmin === 0 ? 0 : -0.8;
  const data = uniform(108, low, 1.2, 41);
  const shape = [3, 3, 3, 4];
  const calibration = calibrateTensor('x', data, shape, context);
  const start = quantizer.initialise(calibration, context);
  const params = Object.fromEntries(
    quantizer.params(context).map(({ name, initial, shape: kind }) => {
      const size = kind === 'channels' ? [4] : [...context.paramShape];
      const count = size.reduce((a, b) => a * b, 1);
      return [name, tensor(Float32Array.from(start[name] ?? new Float32Array(count).fill(initial)), size)];
    }),
  );
  return { x: tensor(data, shape), params };
}
