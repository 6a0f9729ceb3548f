import { writeFileSync } from 'node:fs';
import { lsq, prepareQat } from '@bitwright/qat-plugin';
import { useNativeBackend } from '@bitwright/tfjs-backend';
import {
  losses,
  oneHot,
  randomNormal,
  type Scalar,
  type Tensor,
  tensor1d,
  tidy,
  train,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { interleave, type Times } from '../measure/interleave';
import { describeMachine, type Machine } from '../measure/machine';
import { resnet20 } from './resnet20';
import { defaultBatchSize as batchSize } from './schedule';

/** One training step with quantizers beside the float one, in turns, milliseconds. */
export interface StepTimes {
  readonly machine: Machine;
  readonly threads: number;
  readonly float: Times;
  readonly w4a4Lsq: Times;
  /** Median over median, and best over best: on a busy machine the second is the truer one. */
  readonly ratio: number;
  readonly bestRatio: number;
}

/** Milliseconds one network trains before the other does: a few steps, of which the first is not counted. */
const turn = 1000;

/** Measures ResNet-20 steps, batch 128, float and W4A4 LSQ in turns on the native backend, each for some seconds. */
export async function measureStepTimes(threads: number, seconds: number, json: string): Promise<StepTimes> {
  const machine = describeMachine();
  await useNativeBackend({ threads });
  const float = resnet20();
  const qat = prepareQat(float, { target: 'academic', weights: lsq({ bits: 4 }), activations: lsq({ bits: 4 }) });
  const x = randomNormal([batchSize, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: batchSize }, (_, i) => i % 10);
  const y = oneHot(tensor1d(labels, 'int32'), 10);
  await qat.calibrate(x);
  const steps = [float, qat.model].map((model) => stepOf(model, x, y));
  const [floatTimes, qatTimes] = (await interleave(steps, { seconds, turn, pause: 0 })) as [Times, Times];
  const result: StepTimes = {
    machine,
    threads,
    float: floatTimes,
    w4a4Lsq: qatTimes,
    ratio: qatTimes.median / floatTimes.median,
    bestRatio: qatTimes.min / floatTimes.min,
  };
  writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

// — internals —

function stepOf(model: LayersModel, x: Tensor, y: Tensor): () => void {
  const optimizer = train.momentum(0.001, 0.9);
  const variables = model.trainableWeights.map((weight) => weight.read() as Variable);
  return () =>
    tidy(() => {
      const { value, grads } = variableGrads(
        () => losses.softmaxCrossEntropy(y, model.apply(x, { training: true }) as Tensor) as Scalar,
        variables,
      );
      optimizer.applyGradients(grads as Parameters<typeof optimizer.applyGradients>[0]);
      value.dataSync();
    });
}
