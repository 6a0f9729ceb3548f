import { writeFileSync } from 'node:fs';
import { type BatchNormChoice, lsq, prepareQat } from '@bitwright/qat-plugin';
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

/** W4A4 LSQ steps beside the float one, in turns, milliseconds. */
export interface StepTimes {
  readonly machine: Machine;
  readonly threads: number;
  readonly float: Times;
  /** By what becomes of batch normalization; `keep` is the default with a step per channel. */
  readonly quantized: Readonly<Record<Trained, QuantizedTimes>>;
}

export interface QuantizedTimes extends Times {
  /** Over the float step: median over median, and best over best, the truer one on a busy machine. */
  readonly ratio: number;
  readonly bestRatio: number;
}

type Trained = Exclude<BatchNormChoice, 'merge'>;
const trained: readonly Trained[] = ['keep', 'freeze', 'torch', 'naive', 'whitePaper'];

/** Milliseconds one network trains before the other does: a few steps, of which the first is not counted. */
const turn = 1000;

/** Measures ResNet-20 steps, batch 128, float and W4A4 LSQ in turns on the native backend, each for some seconds. */
export async function measureStepTimes(threads: number, seconds: number, json: string): Promise<StepTimes> {
  const machine = describeMachine();
  await useNativeBackend({ threads });
  const float = resnet20();
  const x = randomNormal([batchSize, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: batchSize }, (_, i) => i % 10);
  const y = oneHot(tensor1d(labels, 'int32'), 10);
  const models = [float];
  for (const batchNorm of trained) {
    const [weights, activations] = [lsq({ bits: 4 }), lsq({ bits: 4 })];
    const qat = prepareQat(float, { target: 'academic', weights, activations, batchNorm });
    await qat.calibrate(x);
    models.push(qat.model);
  }
  const steps = models.map((model) => stepOf(model, x, y));
  const [floatTimes, ...times] = (await interleave(steps, { seconds, turn, pause: 0 })) as [Times, ...Times[]];
  const quantized = trained.map((batchNorm, i): [string, QuantizedTimes] => {
    const own = times[i] as Times;
    return [batchNorm, { ...own, ratio: own.median / floatTimes.median, bestRatio: own.min / floatTimes.min }];
  });
  const result: StepTimes = {
    machine,
    threads,
    float: floatTimes,
    quantized: Object.fromEntries(quantized) as StepTimes['quantized'],
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
