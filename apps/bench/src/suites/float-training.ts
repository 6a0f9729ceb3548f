import { seededRandom } from '@bitwright/core';
import {
  adamF32,
  batchNormBackwardF32,
  batchNormTrainF32,
  binaryF32,
  conv2dBackwardFilterF32,
  conv2dBackwardInputF32,
  depthwiseBackwardFilterF32,
  depthwiseBackwardInputF32,
  momentumF32,
  type NativeBackend,
  reduceF32,
  unaryF32,
} from '@bitwright/kernels-native';
import type { KernelCase, KernelSuite } from '../kernels/kernel-suite';
import { type ConvLayer, convOperations } from '../layers/conv-layer';
import { mobilenetV2Depthwise } from '../layers/mobilenet-v2';
import { resnet20 } from '../layers/resnet20';
import { conv2dShapeOf, randomFloats } from './float-conv';

const batch = 128;

/** What a training step runs besides forward convolutions. */
export const floatTraining: KernelSuite = {
  name: 'float-training',
  description:
    'Gradients of convolutions (ResNet-20 at batch 128, depthwise layers of MobileNetV2 at batch 8) as a fraction of the f32 ' +
    'peak, and passes over the largest activations of ResNet-20 (128×32×32×16 floats) against the copy bandwidth. No peer: ' +
    'onnxruntime-node has no gradients.',
  cases: [
    ...resnet20.slice(1).map((layer) => inputGradient(layer)),
    ...resnet20.map((layer) => filterGradient(layer)),
    ...mobilenetV2Depthwise.flatMap((layer) => [depthwiseGradient(layer, 'input'), depthwiseGradient(layer, 'filter')]),
    ...passes(),
  ],
};

// — internals —

interface Tensors {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly filter: Float32Array;
}

function tensorsOf(layer: ConvLayer, images: number): Tensors {
  const shape = conv2dShapeOf(layer, images);
  const random = seededRandom(1);
  return {
    x: randomFloats(random, images * shape.inHeight * shape.inWidth * shape.inChannels),
    y: randomFloats(random, images * shape.outHeight * shape.outWidth * shape.outChannels),
    filter: randomFloats(random, (layer.kernel ** 2 * layer.inChannels * layer.outChannels) / layer.groups),
  };
}

function inputGradient(layer: ConvLayer): KernelCase {
  return {
    name: layer.name,
    group: 'input gradient',
    work: batch * convOperations(layer),
    limit: 'f32',
    isQuick: layer.count > 1,
    prepare: async ({ native }) => {
      const { x, y, filter } = tensorsOf(layer, batch);
      const shape = conv2dShapeOf(layer, batch);
      return { ours: () => conv2dBackwardInputF32(native, shape, y, filter, x) };
    },
  };
}

function filterGradient(layer: ConvLayer): KernelCase {
  return {
    name: layer.name,
    group: 'filter gradient',
    work: batch * convOperations(layer),
    limit: 'f32',
    isQuick: layer.count > 1,
    prepare: async ({ native }) => {
      const { x, y, filter } = tensorsOf(layer, batch);
      const shape = conv2dShapeOf(layer, batch);
      return { ours: () => conv2dBackwardFilterF32(native, shape, x, y, filter) };
    },
  };
}

function depthwiseGradient(layer: ConvLayer, of: 'input' | 'filter'): KernelCase {
  const images = 8;
  return {
    name: layer.name,
    group: `depthwise ${of} gradient`,
    work: images * convOperations(layer),
    limit: 'f32',
    isQuick: false,
    prepare: async ({ native }) => {
      const { x, y, filter } = tensorsOf(layer, images);
      const shape = conv2dShapeOf(layer, images);
      return {
        ours: () =>
          of === 'input'
            ? depthwiseBackwardInputF32(native, shape, y, filter, x)
            : depthwiseBackwardFilterF32(native, shape, x, y, filter),
      };
    },
  };
}

/** One pass over activations: name, times the tensor is read or written, and the call. */
function passes(): KernelCase[] {
  const [rows, channels] = [batch * 32 * 32, 16];
  const count = rows * channels;
  const shape = [rows, channels];
  const norm = { rows, channels, epsilon: 1e-3 };
  const pass = (
    name: string,
    times: number,
    prepare: (native: NativeBackend, a: Float32Array, b: Float32Array, c: Float32Array) => () => void,
  ): KernelCase => ({
    name,
    group: 'passes',
    work: 4 * count * times,
    limit: 'copy',
    isQuick: true,
    prepare: async ({ native }) => {
      const random = seededRandom(1);
      return {
        ours: prepare(native, randomFloats(random, count), randomFloats(random, count), new Float32Array(count)),
      };
    },
  });
  const perChannel = (): Float32Array => new Float32Array(channels).fill(1);
  return [
    pass('batch norm forward', 3, (native, x, _, y) => {
      const out = { y, mean: perChannel(), variance: perChannel() };
      const [gamma, beta] = [perChannel(), perChannel()];
      return () => batchNormTrainF32(native, norm, x, gamma, beta, out, { activation: 'relu' });
    }),
    pass('batch norm backward', 5, (native, x, dy, dx) => {
      const [mean, variance, gamma, dgamma, dbeta] = [0, 0, 0, 0, 0].map(perChannel) as Float32Array[] as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      return () => batchNormBackwardF32(native, norm, dy, x, mean, variance, gamma, { dx, dgamma, dbeta });
    }),
    pass('add', 3, (native, a, b, y) => () => binaryF32(native, 'add', shape, a, shape, b, y)),
    pass('add bias', 2, (native, a, _, y) => {
      const bias = perChannel();
      return () => binaryF32(native, 'add', shape, a, [channels], bias, y);
    }),
    pass('relu gradient', 3, (native, a, b, y) => () => binaryF32(native, 'reluGrad', shape, a, shape, b, y)),
    pass('relu', 2, (native, a, _, y) => () => unaryF32(native, 'relu', a, y)),
    pass('exp', 2, (native, a, _, y) => () => unaryF32(native, 'exp', a, y)),
    pass('tanh', 2, (native, a, _, y) => () => unaryF32(native, 'tanh', a, y)),
    pass('sum over rows', 1, (native, a) => {
      const out = perChannel();
      return () => reduceF32(native, 'sum', shape, [0], a, out);
    }),
    pass('momentum', 5, (native, a, b, c) => {
      return () => momentumF32(native, { learningRate: 1e-9, momentum: 0.9 }, a, b, c);
    }),
    pass('adam', 7, (native, a, b, c) => {
      const second = new Float32Array(count).fill(1);
      const rule = {
        learningRate: 1e-9,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
        accumulatedBeta1: 0.9,
        accumulatedBeta2: 0.999,
      };
      return () => adamF32(native, rule, a, b, second, c);
    }),
  ];
}
