import { seededRandom } from '@bitwright/core';
import * as tfl from '@tensorflow/tfjs-layers';

const { layers } = tfl;
type Tensor = tfl.SymbolicTensor;

interface Choices {
  /** A whole number from 0 to n − 1. */
  below(n: number): number;
  pick<T>(...options: readonly T[]): T;
}

/** A random functional model: images, sequences or vectors through 2 to 7 random layers, with skips, to one or two outputs. */
export function randomModel(seed: number): tfl.LayersModel {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random.next() * n);
  const choices: Choices = { below, pick: (...options) => options[below(options.length)]! };
  const rank = choices.pick(4, 4, 4, 3, 2);
  const sizes = { 4: [4 + below(5), 4 + below(5), 1 + below(4)], 3: [3 + below(5), 1 + below(4)], 2: [1 + below(6)] }[
    rank as 2
  ];
  const input = tfl.input({ shape: sizes });
  let x: Tensor = input;
  const seen: Tensor[] = [input];
  const depth = 2 + below(6);
  for (let i = 0; i < depth; i++) {
    x = step(x, seen, choices);
    seen.push(x);
  }
  const outputs = below(4) === 0 && seen.length > 3 ? [x, seen[seen.length - 2]!] : [x];
  return tfl.model({ inputs: input, outputs });
}

function step(x: Tensor, seen: readonly Tensor[], choices: Choices): Tensor {
  const same = seen.filter((other) => other !== x && `${other.shape}` === `${x.shape}`);
  if (same.length > 0 && choices.below(3) === 0) {
    const other = choices.pick(...same);
    return apply(
      choices.pick<Applicable>(
        layers.add(),
        layers.multiply(),
        layers.maximum(),
        layers.concatenate(),
        layers.average(),
      ),
      [x, other],
    );
  }
  // tfjs computes no length for some reshaped sequences; only layers that do not need one can follow.
  if (x.shape.slice(1).some((size) => !size)) return apply(layers.globalMaxPooling1d(), x);
  if (choices.below(4) === 0) return apply(elementwise(choices), x);
  const family = { 4: imageLayer, 3: sequenceLayer, 2: vectorLayer }[x.shape.length as 2];
  return apply(family(x, choices), x);
}

interface Applicable {
  apply(x: Tensor | Tensor[]): unknown;
}

function apply(layer: Applicable, x: Tensor | Tensor[]): Tensor {
  return layer.apply(x) as Tensor;
}

function elementwise({ pick, below }: Choices): Applicable {
  const activation = pick(
    'relu',
    'tanh',
    'sigmoid',
    'elu',
    'softplus',
    'swish',
    'hardSigmoid',
    'relu6',
    'selu',
    'softmax',
  );
  return pick<Applicable>(
    layers.activation({ activation: activation as 'relu' }),
    layers.leakyReLU({ alpha: 0.1 + below(3) / 10 }),
    layers.batchNormalization(),
    layers.dropout({ rate: 0.5 }),
    layers.layerNormalization(),
  );
}

function imageLayer(x: Tensor, { pick, below }: Choices): Applicable {
  const [, height = 1, width = 1] = x.shape as number[];
  const small = Math.min(height, width) < 3;
  const padding = small ? 'same' : pick<'same' | 'valid'>('same', 'valid');
  const kernelSize: [number, number] = small ? [1, 1] : [1 + below(3), 1 + below(3)];
  const strides = pick(1, 1, 2);
  return pick<() => Applicable>(
    () =>
      layers.conv2d({
        filters: 1 + below(5),
        kernelSize,
        padding,
        strides,
        useBias: below(2) === 0,
        activation: pick('relu', 'linear'),
      }),
    () => layers.conv2d({ filters: 1 + below(5), kernelSize, padding: 'same', dilationRate: pick(1, 2) }),
    () => layers.depthwiseConv2d({ kernelSize, padding, depthMultiplier: 1 + below(2) }),
    () => layers.separableConv2d({ filters: 1 + below(4), kernelSize, padding }),
    () => layers.conv2dTranspose({ filters: 1 + below(4), kernelSize, padding, strides }),
    () => layers.maxPooling2d({ poolSize: small ? 1 : 2, padding, strides }),
    () => layers.averagePooling2d({ poolSize: small ? 1 : [2, 3], padding, strides }),
    () =>
      layers.zeroPadding2d({
        padding: [
          [below(2), below(2)],
          [below(2), 1],
        ],
      }),
    () => layers.upSampling2d({ size: [1 + below(2), 2] }),
    () => layers.dense({ units: 1 + below(4) }),
    () => layers.permute({ dims: pick([2, 1, 3], [3, 1, 2], [1, 3, 2]) }),
    () => layers.globalAveragePooling2d({}),
    () => layers.flatten(),
    () => layers.reshape({ targetShape: [-1, x.shape[3]!] }),
  )();
}

function sequenceLayer(x: Tensor, { pick, below }: Choices): Applicable {
  const [, length = 1] = x.shape as number[];
  const units = 1 + below(4);
  const recurrentInitializer = 'glorotUniform' as const;
  const returnSequences = below(2) === 0;
  return pick<() => Applicable>(
    () => layers.conv1d({ filters: units, kernelSize: length < 3 ? 1 : 3, padding: pick('same', 'valid') }),
    () => layers.maxPooling1d({ poolSize: length < 2 ? 1 : 2 }),
    () => layers.dense({ units, activation: pick('relu', 'tanh') }),
    () => layers.timeDistributed({ layer: layers.dense({ units }) }),
    () => layers.lstm({ units, returnSequences, recurrentInitializer }),
    () => layers.gru({ units, returnSequences, recurrentInitializer }),
    () => layers.simpleRNN({ units, returnSequences, recurrentInitializer }),
    () =>
      layers.bidirectional({
        layer: layers.gru({ units, returnSequences, recurrentInitializer }),
        mergeMode: pick('concat', 'sum'),
      }),
    () => layers.permute({ dims: [2, 1] }),
    () => layers.globalMaxPooling1d(),
    () => layers.flatten(),
  )();
}

function vectorLayer(x: Tensor, { pick, below }: Choices): Applicable {
  const [, size = 1] = x.shape as number[];
  return pick<() => Applicable>(
    () => layers.dense({ units: 1 + below(6), activation: pick('relu', 'tanh', 'linear') }),
    () => layers.dense({ units: 1 + below(6), useBias: false }),
    () => layers.repeatVector({ n: 1 + below(3) }),
    () => layers.reshape({ targetShape: size % 2 === 0 ? [2, size / 2] : [1, size] }),
  )();
}
