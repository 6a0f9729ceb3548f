import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
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
import { resnet20 } from './resnet20';
import { defaultBatchSize as batchSize } from './schedule';

/** One training step with quantizers beside the float one: median and best of interleaved steps, milliseconds. */
export interface StepTimes {
  readonly machine: string;
  readonly threads: number;
  readonly steps: number;
  readonly float: { readonly median: number; readonly best: number };
  readonly w4a4Lsq: { readonly median: number; readonly best: number };
  /** Median over median, and best over best: on a busy machine the second is the truer one. */
  readonly ratio: number;
  readonly bestRatio: number;
}

/** Measures ResNet-20 steps, batch 128, float and W4A4 LSQ in turns on the native backend. */
export async function measureStepTimes(threads: number, steps: number, json?: string): Promise<StepTimes> {
  await useNativeBackend({ threads });
  const float = resnet20();
  const qat = prepareQat(float, { target: 'academic', weights: lsq({ bits: 4 }), activations: lsq({ bits: 4 }) });
  const x = randomNormal([batchSize, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: batchSize }, (_, i) => i % 10);
  const y = oneHot(tensor1d(labels, 'int32'), 10);
  await qat.calibrate(x);
  const runs = [float, qat.model].map((model) => ({ step: stepOf(model, x, y), times: [] as number[] }));
  for (let i = -2; i < steps; i++) {
    for (const { step, times } of runs) {
      const start = performance.now();
      step();
      if (i >= 0) times.push(performance.now() - start);
    }
  }
  const [floatTimes, qatTimes] = runs.map(({ times }) => times.sort((a, b) => a - b)) as [number[], number[]];
  const result: StepTimes = {
    machine: String(cpus()[0]?.model.trim()),
    threads,
    steps,
    float: summary(floatTimes),
    w4a4Lsq: summary(qatTimes),
    ratio: summary(qatTimes).median / summary(floatTimes).median,
    bestRatio: summary(qatTimes).best / summary(floatTimes).best,
  };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

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

function summary(sorted: readonly number[]): { median: number; best: number } {
  return { median: sorted[Math.floor(sorted.length / 2)] as number, best: sorted[0] as number };
}
