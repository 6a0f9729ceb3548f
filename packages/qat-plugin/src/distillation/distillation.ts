import { InvalidArgumentError } from '@bitwright/core';
import {
  add,
  cast,
  concat,
  logSoftmax,
  mean,
  mul,
  neg,
  type Scalar,
  slice,
  softmax,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

export interface DistillationOptions {
  readonly classes: number;
  /** Softens both answers: softmax(logits/T). Default 1. */
  readonly temperature?: number;
  /** Share of the teacher in the loss; the rest are the labels. Default 0.5. */
  readonly weight?: number;
}

/**
 * Labels and the float model's logits side by side, [N, 2·classes]: what {@link distillationLoss} takes as `yTrue`, since
 * model.fit hands nothing else to a loss. Labels of another dtype become float32: tf.concat would cut the logits to it.
 */
export function withTeacher(teacher: LayersModel, x: Tensor, labels: Tensor, batchSize = 64): Tensor {
  return tidy(() => concat([cast(labels, 'float32'), teacher.predict(x, { batchSize }) as Tensor], 1));
}

/**
 * Knowledge distillation from the float model, on logits:
 *
 *   loss = (1 − w)·H(labels, softmax(z)) + w·T²·H(softmax(t/T), softmax(z/T)),  H cross entropy, z student, t teacher
 *
 * @throws {InvalidArgumentError} for a temperature or weight out of range
 * @see Hinton et al. 2015, arXiv:1503.02531
 */
export function distillationLoss(options: DistillationOptions): (yTrue: Tensor, yPred: Tensor) => Scalar {
  const { classes, temperature = 1, weight = 0.5 } = options;
  if (!(temperature > 0) || !(weight >= 0 && weight <= 1) || !Number.isInteger(classes)) {
    throw new InvalidArgumentError({
      operation: '[qat-plugin] distillationLoss',
      expected: 'a number of classes, a temperature above 0 and a weight within [0, 1]',
      received: JSON.stringify(options),
    });
  }
  return (yTrue, yPred) =>
    tidy(() => {
      const labels = slice(yTrue, [0, 0], [-1, classes]);
      const teacher = softmax(mul(slice(yTrue, [0, classes], [-1, classes]), 1 / temperature));
      const soft = crossEntropy(teacher, mul(yPred, 1 / temperature));
      const hard = crossEntropy(labels, yPred);
      return add(mul(hard, 1 - weight), mul(soft, weight * temperature ** 2)) as Scalar;
    });
}

function crossEntropy(target: Tensor, logits: Tensor): Tensor {
  return neg(mean(sum(mul(target, logSoftmax(logits)), -1)));
}
