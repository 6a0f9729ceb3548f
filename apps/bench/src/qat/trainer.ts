import { seededRandom } from '@bitwright/core';
import {
  distillationLoss,
  type LearningRate,
  learningRate,
  type Qat,
  setLearningRate,
  withTeacher,
} from '@bitwright/qat-plugin';
import {
  argMax,
  losses,
  oneHot,
  type Scalar,
  type Tensor,
  tensor1d,
  tensor4d,
  tidy,
  train,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { augmentedBatch, type ImageSet, imageSize, normalisedBatch, shuffled } from './cifar10';
import { defaultBatchSize, type Schedule } from './schedule';

export type BenchOptimizer = ReturnType<typeof train.momentum> | ReturnType<typeof train.adam>;

/** What drives one training; everything random comes from the seed. */
export interface Training {
  readonly schedule: Schedule;
  readonly model: LayersModel;
  /** What is told how far training is; none: float training. */
  readonly qat: Qat | undefined;
  readonly teacher: LayersModel;
  readonly images: ImageSet;
  readonly seed: number;
  readonly optimizer: BenchOptimizer;
  /** Called now and then with the fraction of the epoch done; false stops. */
  onStep(step: number, steps: number, loss: number): boolean;
}

export function makeOptimizer({ optimizer, learningRate: peak }: Schedule): BenchOptimizer {
  return optimizer === 'adam' ? train.adam(peak) : train.momentum(peak, 0.9);
}

/** Steps of one epoch; images that do not fill a batch wait for another order. */
export function stepsPerEpoch({ batchSize = defaultBatchSize }: Schedule, images: number): number {
  return Math.floor(images / batchSize);
}

/** One epoch; returns the mean loss, or undefined when it was stopped. */
export function trainEpoch(training: Training, epoch: number): number | undefined {
  const { schedule, model, qat, images, optimizer, seed } = training;
  const { batchSize = defaultBatchSize, warmUp, freezeBatchNormAt } = schedule;
  const random = seededRandom(seed * 1000 + epoch);
  const order = shuffled(images.count, () => random.next());
  const steps = stepsPerEpoch(schedule, images.count);
  const rate: LearningRate = learningRate({ peak: schedule.learningRate, warmUp, floor: 0.01 });
  const objective = objectiveOf(training);
  const variables = model.trainableWeights.map((weight) => weight.read() as Variable);
  let total = 0;
  for (let step = 0; step < steps; step++) {
    const progress = (epoch + step / steps) / schedule.epochs;
    qat?.step(progress, {
      freezeObserversAt: 0.8,
      ...(freezeBatchNormAt === undefined ? {} : { freezeBatchNormAt }),
    });
    setLearningRate(optimizer, rate(progress));
    const indices = order.subarray(step * batchSize, (step + 1) * batchSize);
    const pixels = augmentedBatch(images, indices, () => random.next());
    const labels = Int32Array.from(indices, (index) => images.labels[index] as number);
    const loss = trainStep(training, objective, variables, pixels, labels);
    total += loss;
    if (!training.onStep(step, steps, loss)) return undefined;
  }
  return total / steps;
}

/** What training minimises: a loss, and what it compares with the network's answers. */
interface Objective {
  targets(x: Tensor, labels: Tensor): Tensor;
  loss(targets: Tensor, logits: Tensor): Scalar;
}

function objectiveOf({ schedule, teacher }: Training): Objective {
  const { distillation: weight, temperature = 1 } = schedule;
  if (weight === 0) {
    return {
      targets: (_, labels) => labels,
      loss: (targets, logits) => losses.softmaxCrossEntropy(targets, logits) as Scalar,
    };
  }
  return {
    targets: (x, labels) => withTeacher(teacher, x, labels, x.shape[0]),
    loss: distillationLoss({ classes: 10, weight, temperature }),
  };
}

function trainStep(
  { model, optimizer }: Training,
  objective: Objective,
  variables: Variable[],
  pixels: Float32Array,
  labels: Int32Array,
): number {
  const x = tensor4d(pixels, [labels.length, imageSize, imageSize, 3]);
  const loss = tidy(() => {
    const targets = objective.targets(x, oneHot(tensor1d(labels, 'int32'), 10));
    const { value, grads } = variableGrads(
      () => objective.loss(targets, model.apply(x, { training: true }) as Tensor),
      variables,
    );
    optimizer.applyGradients(grads as Parameters<typeof optimizer.applyGradients>[0]);
    return value;
  });
  const number = loss.dataSync()[0] as number;
  loss.dispose();
  x.dispose();
  return number;
}

/** Predicted classes of every image. */
export function predictions(model: LayersModel, images: ImageSet, size = 500): Int32Array {
  const classes = new Int32Array(images.count);
  for (let start = 0; start < images.count; start += size) {
    const count = Math.min(size, images.count - start);
    const found = tidy(() => {
      const x = tensor4d(normalisedBatch(images, start, count), [count, imageSize, imageSize, 3]);
      return argMax(model.predictOnBatch(x) as Tensor, 1);
    });
    classes.set(found.dataSync(), start);
    found.dispose();
  }
  return classes;
}

/** Share of right answers, in percent. */
export function topOne(classes: Int32Array, { labels, count }: ImageSet): number {
  let right = 0;
  for (let i = 0; i < count; i++) if (classes[i] === labels[i]) right++;
  return (100 * right) / count;
}
