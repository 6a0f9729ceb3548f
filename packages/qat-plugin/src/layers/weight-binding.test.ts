import '@tensorflow/tfjs-backend-cpu';
import { type Tensor, tensor, zerosLike } from '@tensorflow/tfjs-core';
import { layers, type Shape } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { withReplacedReads } from './weight-binding';

const image: Shape = [1, 4, 4, 2];
const cases: readonly (readonly [string, layers.Layer, Shape])[] = [
  ['conv1d', layers.conv1d({ filters: 2, kernelSize: 2 }) as never, [1, 4, 2]],
  ['conv2d', layers.conv2d({ filters: 2, kernelSize: 2 }) as never, image],
  ['conv2dTranspose', layers.conv2dTranspose({ filters: 2, kernelSize: 2 }) as never, image],
  ['depthwiseConv2d', layers.depthwiseConv2d({ kernelSize: 2 }) as never, image],
  ['separableConv2d', layers.separableConv2d({ filters: 2, kernelSize: 2 }) as never, image],
  ['dense', layers.dense({ units: 2 }) as never, [1, 3]],
  ['embedding', layers.embedding({ inputDim: 3, outputDim: 2 }) as never, [1, 2]],
  ['lstm', layers.lstm({ units: 2, recurrentInitializer: 'zeros' }) as never, [1, 3, 2]],
  ['gru', layers.gru({ units: 2, recurrentInitializer: 'zeros' }) as never, [1, 3, 2]],
];

describe('withReplacedReads', () => {
  it.each(cases)('a layer of TensorFlow.js reads its weights through read(): %s', (_, layer, shape) => {
    layer.build(shape);
    const size = shape.reduce<number>((product, d) => product * (d ?? 1), 1);
    const x = tensor(
      new Float32Array(size).fill(1),
      shape as number[],
      layer.getClassName() === 'Embedding' ? 'int32' : 'float32',
    );
    const run = () => Array.from((layer.call(x, {}) as Tensor).dataSync());
    const before = run();
    const zeros = new Map(layer.weights.map((variable) => [variable, zerosLike(variable.read())]));
    const replaced = withReplacedReads(zeros, run);
    expect(before.some((v) => v !== 0)).toBe(true);
    expect(replaced.every((v) => v === 0)).toBe(true);
    expect(run()).toEqual(before);
  });

  it('puts the variables back when the layer throws', () => {
    const layer = layers.dense({ units: 2 });
    layer.build([1, 3]);
    const [kernel] = layer.weights;
    const zeros = new Map(layer.weights.map((variable) => [variable, zerosLike(variable.read())]));
    const fail = () => {
      throw new Error('inside');
    };
    expect(() => withReplacedReads(zeros, fail)).toThrow('inside');
    expect(Object.hasOwn(kernel as object, 'read')).toBe(false);
  });
});
