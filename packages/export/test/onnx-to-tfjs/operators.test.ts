import {
  createGraph,
  createModel,
  createValueInfo,
  DataType,
  floatAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  stringAttribute,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { layersModelToOnnx, onnxToLayersModel } from '../../src/index';
import { relativeError, relativeTolerance, runOnnx } from '../tfjs-to-onnx/compare';
import { op, values, weight } from '../toy-models';
import { channelsLast, expectSameAsOnnx, inputsFor, tf } from './compare';

const image = [2, 4, 7, 6];
const ints = (name: string, ...list: number[]): Tensor =>
  tensorFromArray(name, DataType.INT64, [list.length], BigInt64Array.from(list, BigInt));
const positive = (name: string, count: number): Tensor =>
  tensorFromArray(
    name,
    DataType.FLOAT,
    [count],
    values(count, 3).map((v) => 1 + v / 2),
  );

function network(
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  shape: readonly number[] = image,
  opset = 17,
): Model {
  const last = nodes.at(-1)!;
  return createModel({
    irVersion: 8,
    opsets: { '': opset },
    graph: createGraph({
      name: 'net',
      nodes,
      initializers,
      inputs: [createValueInfo('x', DataType.FLOAT, ['N', ...shape.slice(1)])],
      outputs: [createValueInfo(last.output[0]!, DataType.FLOAT)],
    }),
  });
}

const conv = (attributes: Node['attribute'], w: Tensor, bias?: Tensor): Model =>
  network(
    [op('Conv', ['x', 'w', ...(bias === undefined ? [] : ['b'])], ['y'], { attributes })],
    [w, ...(bias === undefined ? [] : [bias])],
  );

const unary = (opType: string, attributes: Node['attribute'] = [], shape = image, inputs: Tensor[] = []): Model =>
  network([op(opType, ['x', ...inputs.map(({ name }) => name)], ['y'], { attributes })], inputs, shape);

const pads = (...list: number[]) => intsAttribute('pads', list);
const kernel = (...list: number[]) => intsAttribute('kernel_shape', list);
const strides = (...list: number[]) => intsAttribute('strides', list);

const cases: Readonly<Record<string, readonly [Model, number[]?]>> = {
  'Conv without pads': [conv([], weight('w', [5, 4, 3, 3], 1), weight('b', [5], 2))],
  'Conv with TensorFlow same pads': [conv([pads(1, 1, 1, 1)], weight('w', [5, 4, 3, 3], 1))],
  'Conv with other pads and strides': [
    conv([pads(1, 0, 2, 1), strides(2, 2)], weight('w', [5, 4, 3, 3], 1), weight('b', [5], 2)),
  ],
  'Conv with auto_pad SAME_LOWER': [
    conv([stringAttribute('auto_pad', 'SAME_LOWER'), strides(2, 2)], weight('w', [5, 4, 3, 2], 1)),
  ],
  'Conv dilated': [conv([intsAttribute('dilations', [2, 2]), pads(2, 2, 2, 2)], weight('w', [5, 4, 3, 3], 1))],
  'Conv depthwise': [
    conv([intAttribute('group', 4), pads(1, 1, 1, 1)], weight('w', [8, 1, 3, 3], 1), weight('b', [8], 2)),
  ],
  'Conv in groups': [
    conv(
      [intAttribute('group', 2), pads(1, 1, 1, 1), strides(2, 1)],
      weight('w', [6, 2, 3, 3], 1),
      weight('b', [6], 2),
    ),
  ],
  'Conv of sequences': [
    network([op('Conv', ['x', 'w'], ['y'], { attributes: [pads(1, 1)] })], [weight('w', [3, 4, 3], 1)], [2, 4, 7]),
    [2, 4, 7],
  ],
  'Conv of sequences with other pads': [
    network([op('Conv', ['x', 'w'], ['y'], { attributes: [pads(2, 0)] })], [weight('w', [3, 4, 3], 1)], [2, 4, 7]),
    [2, 4, 7],
  ],
  'Conv of volumes': [
    network([op('Conv', ['x', 'w'], ['y'])], [weight('w', [3, 2, 2, 3, 2], 1)], [1, 2, 4, 5, 4]),
    [1, 2, 4, 5, 4],
  ],
  ConvTranspose: [
    network(
      [
        op('ConvTranspose', ['x', 'w', 'b'], ['y'], {
          attributes: [strides(2, 2), pads(1, 1, 1, 1), intsAttribute('output_padding', [1, 1])],
        }),
      ],
      [weight('w', [4, 3, 3, 3], 1), weight('b', [3], 2)],
    ),
  ],
  'ConvTranspose without pads': [
    network([op('ConvTranspose', ['x', 'w'], ['y'], { attributes: [strides(2, 1)] })], [weight('w', [4, 3, 3, 3], 1)]),
  ],
  Gemm: [
    network(
      [
        op('Gemm', ['x', 'w', 'b'], ['y'], {
          attributes: [intAttribute('transB', 1), floatAttribute('alpha', 0.5), floatAttribute('beta', 2)],
        }),
      ],
      [weight('w', [3, 5], 1), weight('b', [3], 2)],
      [2, 5],
    ),
    [2, 5],
  ],
  'MatMul with the Add behind it': [
    network(
      [op('MatMul', ['x', 'w'], ['m']), op('Add', ['b', 'm'], ['y'])],
      [weight('w', [5, 3], 1), weight('b', [3], 2)],
      [2, 6, 5],
    ),
    [2, 6, 5],
  ],
  BatchNormalization: [
    network(
      [op('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'])],
      [positive('s', 4), weight('b', [4], 2), weight('m', [4], 3), positive('v', 4)],
    ),
  ],
  'BatchNormalization of vectors': [
    network(
      [op('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'])],
      [positive('s', 4), weight('b', [4], 2), weight('m', [4], 3), positive('v', 4)],
      [2, 4],
    ),
    [2, 4],
  ],
  LayerNormalization: [
    network([op('LayerNormalization', ['x', 's', 'b'], ['y'])], [positive('s', 6), weight('b', [6], 2)], [2, 3, 6]),
    [2, 3, 6],
  ],
  ...Object.fromEntries(
    [
      'Relu',
      'Sigmoid',
      'Tanh',
      'LeakyRelu',
      'Elu',
      'Selu',
      'Softplus',
      'Softsign',
      'HardSigmoid',
      'HardSwish',
      'ThresholdedRelu',
    ].map((type) => [type, [unary(type)] as const]),
  ),
  Gelu: [network([op('Gelu', ['x'], ['y'])], [], image, 20)],
  'Clip 0 to 6': [
    unary('Clip', [], image, [
      tensorFromArray('lo', DataType.FLOAT, [], Float32Array.of(0)),
      tensorFromArray('hi', DataType.FLOAT, [], Float32Array.of(0.5)),
    ]),
  ],
  'Clip from −0.3': [unary('Clip', [], image, [tensorFromArray('lo', DataType.FLOAT, [], Float32Array.of(-0.3))])],
  PRelu: [unary('PRelu', [], image, [weight('a', [4, 1, 1], 4)])],
  'PRelu with a slope per element': [unary('PRelu', [], image, [weight('a', [4, 7, 6], 4)])],
  'PRelu of a flattened image': [
    network(
      [
        op('Relu', ['x'], ['r']),
        op('Flatten', ['r'], ['f']),
        op('Sub', ['f', 'half'], ['s']),
        op('PRelu', ['s', 'a'], ['p']),
        op('Gemm', ['p', 'w'], ['y']),
      ],
      [
        tensorFromArray('half', DataType.FLOAT, [], Float32Array.of(0.5)),
        weight('a', [168], 4),
        weight('w', [168, 3], 1),
      ],
    ),
  ],
  'Softmax of channels': [unary('Softmax', [intAttribute('axis', 1)])],
  'Softmax of the last axis': [unary('Softmax', [intAttribute('axis', -1)], [2, 3, 5]), [2, 3, 5]],
  MaxPool: [unary('MaxPool', [kernel(2, 2), strides(2, 2)])],
  'MaxPool with pads': [unary('MaxPool', [kernel(3, 3), strides(2, 2), pads(1, 1, 1, 1)])],
  AveragePool: [unary('AveragePool', [kernel(3, 2), strides(2, 1)])],
  'AveragePool that counts its pads': [
    unary('AveragePool', [kernel(3, 3), pads(1, 1, 1, 1), intAttribute('count_include_pad', 1)]),
  ],
  'AveragePool with same pads': [unary('AveragePool', [kernel(3, 3), pads(1, 1, 1, 1)])],
  'GlobalAveragePool and Flatten': [network([op('GlobalAveragePool', ['x'], ['g']), op('Flatten', ['g'], ['y'])], [])],
  'GlobalMaxPool with its axes': [unary('GlobalMaxPool')],
  'ReduceMean over the image': [unary('ReduceMean', [intsAttribute('axes', [2, 3]), intAttribute('keepdims', 0)])],
  'Resize by copies': [
    network(
      [
        op('Resize', ['x', '', 's'], ['y'], {
          attributes: [
            stringAttribute('coordinate_transformation_mode', 'asymmetric'),
            stringAttribute('nearest_mode', 'floor'),
          ],
        }),
      ],
      [tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 2, 3))],
    ),
  ],
  'Pad of channels': [network([op('Pad', ['x', 'p'], ['y'])], [ints('p', 0, 1, 0, 0, 0, 2, 0, 0)])],
  'Pad of images': [network([op('Pad', ['x', 'p'], ['y'])], [ints('p', 0, 0, 1, 2, 0, 0, 0, 1)])],
  'Slice with steps': [
    network(
      [op('Slice', ['x', 's', 'e', 'a', 't'], ['y'])],
      [ints('s', 0, 1), ints('e', 100, 6), ints('a', 2, 3), ints('t', 2, 2)],
    ),
  ],
  'Slice of borders': [
    network([op('Slice', ['x', 's', 'e', 'a'], ['y'])], [ints('s', 1, 0), ints('e', -1, 4), ints('a', 2, 3)]),
  ],
  'Slice of channels': [
    network([op('Slice', ['x', 's', 'e', 'a'], ['y'])], [ints('s', 1), ints('e', 3), ints('a', 1)]),
  ],
  'Flatten and Gemm': [
    network(
      [op('Relu', ['x'], ['r']), op('Flatten', ['r'], ['f']), op('Relu', ['f'], ['q']), op('Gemm', ['q', 'w'], ['y'])],
      [weight('w', [168, 3], 1)],
    ),
  ],
  Reshape: [network([op('Relu', ['x'], ['r']), op('Reshape', ['r', 's'], ['y'])], [ints('s', 0, 8, 21)])],
  'Transpose and MatMul': [
    network(
      [
        op('Transpose', ['x'], ['t'], { attributes: [intsAttribute('perm', [0, 2, 3, 1])] }),
        op('MatMul', ['t', 'w'], ['y']),
      ],
      [weight('w', [4, 3], 1)],
    ),
  ],
  'Squeeze and Unsqueeze': [
    network(
      [op('GlobalAveragePool', ['x'], ['g']), op('Squeeze', ['g', 'a'], ['s']), op('Unsqueeze', ['s', 'b'], ['y'])],
      [ints('a', 2, 3), ints('b', 1)],
    ),
  ],
  'Mul by a pooled value': [
    network([op('GlobalAveragePool', ['x'], ['g']), op('Sigmoid', ['g'], ['s']), op('Mul', ['x', 's'], ['y'])], []),
  ],
  'Add, Sub and Concat of values': [
    network(
      [
        op('Relu', ['x'], ['r']),
        op('Sub', ['x', 'r'], ['d']),
        op('Add', ['d', 'x'], ['a']),
        op('Concat', ['a', 'r', 'x'], ['y'], { attributes: [intAttribute('axis', 1)] }),
      ],
      [],
    ),
  ],
  'Max and Min': [network([op('Tanh', ['x'], ['r']), op('Max', ['x', 'r'], ['m']), op('Min', ['m', 'x'], ['y'])], [])],
  'Mul and Add of numbers': [
    network(
      [op('Mul', ['x', 'two'], ['m']), op('Sub', ['two', 'm'], ['y'])],
      [tensorFromArray('two', DataType.FLOAT, [], Float32Array.of(2))],
    ),
  ],
  'Mul and Div per channel': [
    network(
      [op('Mul', ['x', 'c'], ['m']), op('Div', ['m', 'd'], ['y'])],
      [weight('c', [4, 1, 1], 1), tensorFromArray('d', DataType.FLOAT, [1, 4, 1, 1], Float32Array.of(1, 2, 3, 4))],
    ),
  ],
  'Mul per feature': [network([op('Mul', ['x', 'c'], ['y'])], [weight('c', [5], 1)], [2, 5]), [2, 5]],
};

describe('onnxToLayersModel, operator by operator', () => {
  for (const [name, [model, shape = image]] of Object.entries(cases)) {
    it(`gives TensorFlow.js the outputs of onnxruntime, and back: ${name}`, async () => {
      const { layers } = await expectSameAsOnnx(model, [shape], relativeTolerance);
      const [x] = inputsFor([shape]);
      const [again] = await runOnnx(layersModelToOnnx(layers, { opset: 20 }).model, [channelsLast(x!)]);
      const predicted = layers.predict(channelsLast(x!)) as tf.Tensor;
      expect(relativeError(again!.data as Float32Array, predicted.dataSync())).toBeLessThanOrEqual(relativeTolerance);
    });
  }

  it('keeps the order of axes of the ONNX model where asked', async () => {
    const [model] = cases['Conv in groups']!;
    await expectSameAsOnnx(model, [image], relativeTolerance, { images: 'channelsFirst' });
  });

  it('trains every weight of custom and stock layers', async () => {
    const model = network(
      [
        op('Conv', ['x', 'w'], ['c'], { attributes: [intAttribute('group', 2), pads(1, 1, 1, 1)] }),
        op('BatchNormalization', ['c', 's', 'o', 'm', 'v'], ['n']),
        op('Relu', ['n'], ['r']),
        op('Slice', ['r', 'ss', 'se', 'sa', 'st'], ['sl']),
        op('Pad', ['sl', 'p'], ['pd']),
        op('GlobalAveragePool', ['pd'], ['g']),
        op('Flatten', ['g'], ['f']),
        op('Mul', ['f', 'scale'], ['q']),
        op('Gemm', ['q', 'fc'], ['y']),
      ],
      [
        weight('w', [6, 2, 3, 3], 1),
        positive('s', 6),
        weight('o', [6], 3),
        weight('m', [6], 4),
        positive('v', 6),
        ints('ss', 0),
        ints('se', 100),
        ints('sa', 2),
        ints('st', 2),
        ints('p', 0, 1, 0, 0, 0, 1, 0, 0),
        weight('scale', [8], 5),
        weight('fc', [8, 3], 6),
      ],
    );
    const { layers, result } = await expectSameAsOnnx(model, [image], relativeTolerance);
    expect(result.customLayers).toEqual([
      'BitwrightChannelAffine',
      'BitwrightGroupedConv2D',
      'BitwrightPad',
      'BitwrightSlice',
    ]);
    const before = layers.trainableWeights.map((w) => Float32Array.from(w.read().dataSync()));
    layers.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
    await layers.fit(channelsLast(inputsFor([image])[0]!), tf.ones([2, 3]), { epochs: 2, verbose: 0 });
    layers.trainableWeights.forEach((w, i) => {
      expect([w.originalName, [...w.read().dataSync()]]).not.toEqual([w.originalName, [...before[i]!]]);
    });
  });
});

describe('layers of our own', () => {
  it.each(['Exp', 'Erf', 'Neg', 'Sin', 'Cos', 'Abs'])('compute %s, there and back', async (opType) => {
    const { layers, result } = await expectSameAsOnnx(unary(opType), [image], relativeTolerance);
    expect(result.customLayers).toEqual(['BitwrightFunction']);
    const back = layersModelToOnnx(layers).model;
    expect(back.graph!.node.map((node) => node.opType)).toContain(opType);
  });

  it.each([
    ['a constant for every element', [3, 4], [2, 3, 4]],
    ['one that repeats over some axes of an image', [4, 1, 6], image],
    ['one of an image’s own shape', [1, 4, 7, 6], image],
  ])('multiply and shift by %s, there and back', async (_, dims, shape) => {
    const nodes = [op('Mul', ['x', 'k'], ['p']), op('Sub', ['p', 'k'], ['q']), op('Add', ['k', 'q'], ['y'])];
    const { layers, result } = await expectSameAsOnnx(
      network(nodes, [weight('k', dims, 4)], shape),
      [shape],
      relativeTolerance,
    );
    expect(result.customLayers).toEqual(['BitwrightChannelAffine']);
    const x = channelsLast(inputsFor([shape])[0]!);
    const [actual] = await runOnnx(layersModelToOnnx(layers).model, [x], 'disabled');
    const expected = (layers.predict(x) as tf.Tensor).dataSync();
    expect(relativeError(actual!.data as Float32Array, expected)).toBeLessThanOrEqual(relativeTolerance);
  });
});

describe('what cannot be converted', () => {
  const refused: Readonly<Record<string, readonly [Model, string]>> = {
    'an unknown operator': [unary('Det'), 'Det node "Det_y"'],
    'a computed kernel': [network([op('Conv', ['x', 'x'], ['y'])], []), 'Conv node "Conv_y"'],
    'pads no average pool has': [unary('AveragePool', [kernel(3, 3), pads(2, 0, 1, 1)]), 'count_include_pad'],
    'a constant per sample': [
      network([op('Add', ['x', 'k'], ['y'])], [weight('k', [2, 4, 7, 6], 1)]),
      'repeats over the batch',
    ],
    'a slope per sample': [unary('PRelu', [], image, [weight('a', [2, 4, 7, 6], 4)]), 'repeats over the batch'],
    'a reshape that mixes the batch': [network([op('Reshape', ['x', 's'], ['y'])], [ints('s', -1, 3)]), 'batch'],
  };
  for (const [name, [model, message]] of Object.entries(refused)) {
    it(`is named with its node: ${name}`, () => {
      expect(() => onnxToLayersModel(model)).toThrow(message);
    });
  }
});
