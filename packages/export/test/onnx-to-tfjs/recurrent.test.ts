import {
  createGraph,
  createModel,
  createValueInfo,
  DataType,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  stringAttribute,
  stringsAttribute,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { layersModelToOnnx, onnxToLayersModel } from '../../src/index';
import { relativeError, relativeTolerance } from '../tfjs-to-onnx/compare';
import { op, weight } from '../toy-models';
import { expectSameAsOnnx, inputsFor, loadLayers, tf, tfl } from './compare';

const [steps, features, units] = [5, 3, 4];
const int64 = (name: string, ...list: number[]): Tensor =>
  tensorFromArray(name, DataType.INT64, [list.length], BigInt64Array.from(list, BigInt));

/** x [N, T, F] → time first → the recurrent node → what `behind` makes of Y (`s`) and Y_h (`h`). */
function network(
  opType: 'LSTM' | 'GRU' | 'RNN',
  attributes: Node['attribute'],
  outputs: readonly string[],
  behind: readonly Node[],
  { directions = 1, more = [], initial = [] as readonly string[] } = {} as {
    directions?: number;
    more?: readonly Tensor[];
    initial?: readonly string[];
  },
): Model {
  const rows = { LSTM: 4, GRU: 3, RNN: 1 }[opType] * units;
  const result = behind.at(-1)!.output[0]!;
  return createModel({
    irVersion: 8,
    opsets: { '': 17 },
    graph: createGraph({
      name: 'recurrent',
      nodes: [
        op('Transpose', ['x'], ['t'], { attributes: [intsAttribute('perm', [1, 0, 2])] }),
        op(opType, ['t', 'W', 'R', 'B', ...initial], outputs, {
          name: 'cell',
          attributes: [intAttribute('hidden_size', units), ...attributes],
        }),
        ...behind,
      ],
      initializers: [
        weight('W', [directions, rows, features], 1),
        weight('R', [directions, rows, units], 2),
        weight('B', [directions, 2 * rows], 3),
        int64('zero', 0),
        int64('one', 1),
        ...more,
      ],
      inputs: [createValueInfo('x', DataType.FLOAT, ['N', steps, features])],
      outputs: [createValueInfo(result, DataType.FLOAT)],
    }),
  });
}

const sequence = [
  op('Squeeze', ['s', 'one'], ['q']),
  op('Transpose', ['q'], ['y'], { attributes: [intsAttribute('perm', [1, 0, 2])] }),
];
const last = [op('Squeeze', ['h', 'zero'], ['y'])];
const same = (model: Model) => expectSameAsOnnx(model, [[2, steps, features]], relativeTolerance);
const activation = (name: string, alpha: number, beta?: number): Node['attribute'] => [
  stringsAttribute('activations', [name]),
  floatsAttribute('activation_alpha', [alpha]),
  ...(beta === undefined ? [] : [floatsAttribute('activation_beta', [beta])]),
];
const reverse = stringAttribute('direction', 'reverse');

describe.each(['LSTM', 'GRU', 'RNN'] as const)('%s from ONNX', (opType) => {
  it('gives whole sequences and last states, forwards and backwards', async () => {
    await same(network(opType, [], ['s'], sequence));
    await same(network(opType, [], ['', 'h'], last));
    await same(network(opType, [reverse], ['s'], sequence));
    await same(network(opType, [reverse], ['', 'h'], last));
  });

  it('gives both at once', async () => {
    const both = [
      ...sequence.slice(0, 1),
      op('Squeeze', ['h', 'zero'], ['e']),
      op('Add', ['q', 'q'], ['d']),
      op('Transpose', ['d'], ['z'], { attributes: [intsAttribute('perm', [1, 0, 2])] }),
      op('Reshape', ['z', 'flat'], ['f']),
      op('Concat', ['f', 'e'], ['y'], { attributes: [intAttribute('axis', 1)] }),
    ];
    await same(network(opType, [], ['s', 'h'], both, { more: [int64('flat', -1, steps * units)] }));
  });

  it('runs both ways, as other exporters write them', async () => {
    const joined = [
      op('Transpose', ['s'], ['p'], { attributes: [intsAttribute('perm', [0, 2, 1, 3])] }),
      op('Reshape', ['p', 'shape'], ['q']),
      op('Transpose', ['q'], ['y'], { attributes: [intsAttribute('perm', [1, 0, 2])] }),
    ];
    const options = { directions: 2, more: [int64('shape', 0, 0, 2 * units)] };
    await same(network(opType, [stringAttribute('direction', 'bidirectional')], ['s'], joined, options));
  });

  it('takes parameters of activations that are those of Keras, written out or left out', async () => {
    const count = { LSTM: 3, GRU: 2, RNN: 1 }[opType];
    const names = stringsAttribute('activations', new Array<string>(count).fill('HardSigmoid'));
    const alpha = floatsAttribute('activation_alpha', new Array<number>(count).fill(Math.fround(0.2)));
    await same(network(opType, [names, alpha], ['s'], sequence));
    await same(network(opType, [names], ['s'], sequence));
  });

  it('trains', async () => {
    const { layers } = await same(network(opType, [], ['', 'h'], last));
    const before = layers.trainableWeights.map((w) => [...w.read().dataSync()]);
    layers.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
    await layers.fit(inputsFor([[2, steps, features]])[0]!, tf.ones([2, units]), { epochs: 1, verbose: 0 });
    layers.trainableWeights.forEach((w, i) => {
      expect([...w.read().dataSync()]).not.toEqual(before[i]);
    });
  });
});

describe('operators on sequences with time first', () => {
  const turned = op('Transpose', ['z'], ['y'], { attributes: [intsAttribute('perm', [1, 0, 2])] });
  const behind = (opType: string, constant: Tensor): Model =>
    network('GRU', [], ['s'], [op('Squeeze', ['s', 'one'], ['q']), op(opType, ['q', constant.name], ['z']), turned], {
      more: [constant],
    });

  it.each([
    ['Pad of the steps', behind('Pad', int64('p', 1, 0, 0, 2, 0, 0))],
    ['Pad of the features', behind('Pad', int64('p', 0, 0, 1, 0, 0, 0))],
    ['Add of a number per step', behind('Add', weight('k', [steps, 1, 1], 5))],
    ['Mul by a number per step and feature', behind('Mul', weight('k', [steps, 1, units], 5))],
    ['PRelu with a slope per feature', behind('PRelu', weight('k', [units], 5))],
    ['PRelu with a slope per step and feature', behind('PRelu', weight('k', [steps, 1, units], 5))],
  ])('%s', async (_, model) => {
    await same(model);
  });

  it.each([
    ['pads of the batch', behind('Pad', int64('p', 0, 1, 0, 0, 0, 0)), 'pads ≥ 0 behind the batch'],
    ['a slope per sample', behind('PRelu', weight('k', [1, 2, units], 5)), 'a slope that repeats over the batch'],
    ['a constant per sample', behind('Add', weight('k', [1, 2, units], 5)), 'a constant that repeats over the batch'],
  ])('%s cannot be converted', (_, model, message) => {
    expect(() => onnxToLayersModel(model)).toThrow(message);
  });
});

describe('recurrent layers, there and back', () => {
  it.each([
    ['LSTM', true],
    ['GRU', false],
    ['SimpleRNN', true],
  ] as const)('%s backwards with hard sigmoids comes back as itself', async (className, returnSequences) => {
    const input = tfl.input({ shape: [steps, features] });
    const make = { LSTM: tfl.layers.lstm, GRU: tfl.layers.gru, SimpleRNN: tfl.layers.simpleRNN }[className];
    const layer = make({ units, returnSequences, goBackwards: true, recurrentInitializer: 'glorotUniform' });
    const model = tfl.model({ inputs: input, outputs: layer.apply(input) as tfl.SymbolicTensor });
    const again = await loadLayers(onnxToLayersModel(layersModelToOnnx(model).model));
    const [x] = inputsFor([[2, steps, features]]) as [tf.Tensor];
    const [expected, actual] = [model, again].map((each) => (each.predict(x) as tf.Tensor).dataSync()) as [
      Float32Array,
      Float32Array,
    ];
    expect(relativeError(actual, expected)).toBeLessThanOrEqual(relativeTolerance);
    expect(again.layers.map((each) => each.getClassName())).toContain(className);
  });
});

describe('recurrent forms that TensorFlow.js does not have are named', () => {
  it.each([
    [
      'linear_before_reset',
      network('GRU', [intAttribute('linear_before_reset', 1)], ['s'], sequence),
      'linear_before_reset 0',
    ],
    ['clip', network('LSTM', [floatsAttribute('clip', [1])], ['s'], sequence), 'no clip'],
    ['other activations', network('RNN', [stringsAttribute('activations', ['Sin'])], ['s'], sequence), 'Sin'],
    [
      'another slope of a hard sigmoid',
      network('RNN', activation('HardSigmoid', 0.9, 0.1), ['s'], sequence),
      'activation_alpha [0.2], which TensorFlow.js computes',
    ],
    [
      'another offset of a hard sigmoid',
      network('RNN', activation('HardSigmoid', 0.2, 0.1), ['s'], sequence),
      'activation_beta [0.5]',
    ],
    [
      'a line that is not the identity',
      network('RNN', activation('Affine', 3), ['s'], sequence),
      'activation_alpha [1]',
    ],
    [
      'two activations of a cell',
      network('LSTM', [stringsAttribute('activations', ['Sigmoid', 'Tanh', 'Relu'])], ['s'], sequence),
      'one activation',
    ],
    [
      'the cell state',
      network('LSTM', [], ['s', '', 'c'], [...sequence.slice(0, 1), op('Squeeze', ['c', 'zero'], ['y'])]),
      'Y_c',
    ],
    [
      'initial states',
      network('LSTM', [], ['s'], sequence, { initial: ['', 'h0', 'h0'], more: [weight('h0', [1, 2, units], 9)] }),
      'initial states of 0',
    ],
  ])('%s', (_, model, message) => {
    expect(() => onnxToLayersModel(model)).toThrow(message);
    expect(() => onnxToLayersModel(model)).toThrow('node "cell"');
  });
});
