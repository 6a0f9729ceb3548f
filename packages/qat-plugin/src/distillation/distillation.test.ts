import '@tensorflow/tfjs-backend-cpu';
import { oneHot, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { distillationLoss, withTeacher } from './distillation';

/** A teacher that answers 1.5·x. */
function teacher() {
  const model = sequential({ layers: [layers.dense({ units: 2, useBias: false, inputShape: [2] })] });
  model.setWeights([tensor2d([1.5, 0, 0, 1.5], [2, 2])]);
  return model;
}

describe('withTeacher', () => {
  it.each(['int32', 'float32'] as const)('puts the logits behind labels of %s as they are', (dtype) => {
    const labels = oneHot(tensor1d([1, 0, 1], 'int32'), 2, 1, 0, dtype);
    const targets = withTeacher(teacher(), tensor2d([1, -3, 5, 0.5, 0.25, 2], [3, 2]), labels, 2);
    expect(targets.dtype).toBe('float32');
    expect(targets.arraySync()).toEqual([
      [0, 1, 1.5, -4.5],
      [1, 0, 7.5, 0.75],
      [0, 1, 0.375, 3],
    ]);
  });
});

describe('distillationLoss', () => {
  it('is (1 − w)·H(labels, p) + w·T²·H(teacher, student), both softened', () => {
    const loss = distillationLoss({ classes: 2, temperature: 2, weight: 0.25 });
    // Label 0, teacher logits 2·ln 3 and 0, so ¾ and ¼ at T = 2; student logits 0 and 0, so ½ and ½: each H is ln 2.
    const value = loss(tensor2d([1, 0, 2 * Math.log(3), 0], [1, 4]), tensor2d([0, 0], [1, 2])).dataSync()[0];
    expect(value).toBeCloseTo((0.75 + 0.25 * 4) * Math.log(2), 6);
    // Student 2·ln 3 and 0: labels −ln 0.9; softened −¾·ln ¾ − ¼·ln ¼.
    const other = loss(
      tensor2d([1, 0, 2 * Math.log(3), 0], [1, 4]),
      tensor2d([2 * Math.log(3), 0], [1, 2]),
    ).dataSync()[0];
    const entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
    expect(other).toBeCloseTo(-0.75 * Math.log(0.9) + entropy, 6);
  });

  it('refuses a weight above 1', () => {
    expect(() => distillationLoss({ classes: 2, weight: 1.5 })).toThrow(/weight within \[0, 1\]/);
  });
});
