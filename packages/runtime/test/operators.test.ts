import { emptySpec } from '@bitwright/core';
import {
  createModel,
  DataType,
  encodeModel,
  floatAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  tensorFromArray,
} from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { integerSoftmax, loadPackedModel } from '../src/index';
import { int64, type Network, network, node, packed, sizeOf, values, weight } from './toy-network';

const none = emptySpec('ort-x64', { tool: { name: 'test', version: '0' } });

/** Largest difference to onnxruntime over the largest output, nothing quantized. */
async function difference({ model, dims }: Network, data: Float32Array): Promise<number> {
  const session = await ort.InferenceSession.create(encodeModel(model), { logSeverityLevel: 3 });
  const expected = (await session.run({ x: new ort.Tensor('float32', data, dims) }))['y']!;
  await session.release();
  const { y } = loadPackedModel(packed(model, none)).run({ x: { data, shape: dims } });
  expect(y!.shape).toEqual([...expected.dims]);
  const theirs = expected.data as Float32Array;
  const largest = theirs.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-9);
  return y!.data.reduce((most, v, i) => Math.max(most, Math.abs(v - theirs[i]!)), 0) / largest;
}

const dims = [2, 3, 4, 5];
const data = values(sizeOf(dims), 7).map((v) => 6 * v);
type Attributes = Parameters<typeof node>[3];
const one = (opType: string, attributes: Attributes = []): Network =>
  network(dims, [node(opType, ['x'], ['y'], attributes)], [], { y: ['N', 'a', 'b', 'c'] });

describe('functions of one variable beside onnxruntime', () => {
  it.each([
    ['Relu', []],
    ['Sigmoid', []],
    ['Tanh', []],
    ['LeakyRelu', [floatAttribute('alpha', 0.3)]],
    ['Elu', [floatAttribute('alpha', 1.5)]],
    ['HardSigmoid', [floatAttribute('alpha', 0.25), floatAttribute('beta', 0.4)]],
    ['HardSwish', []],
    ['Softplus', []],
    ['Erf', []],
    ['Exp', []],
    ['Abs', []],
    ['Neg', []],
    ['Softmax', [intAttribute('axis', -1)]],
    ['GlobalMaxPool', []],
    ['ReduceMean', [intsAttribute('axes', [2, 3])]],
    ['Flatten', [intAttribute('axis', 2)]],
    ['Transpose', [intsAttribute('perm', [3, 0, 2, 1])]],
    ['Squeeze', []],
  ] as readonly (readonly [string, Attributes])[])('%s', async (opType, attributes) => {
    expect(await difference(one(opType, attributes), data)).toBeLessThan(2e-6);
  });

  it.each(['Log', 'Sqrt', 'Reciprocal'])('%s of positive numbers', async (opType) => {
    const positive = data.map((v) => Math.abs(v) + 0.1);
    expect(await difference(one(opType), positive)).toBeLessThan(2e-6);
  });
});

describe('Resize by copies beside onnxruntime', () => {
  const scales = tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 1.75, 0.6));
  it.each(
    ['asymmetric', 'half_pixel', 'pytorch_half_pixel', 'align_corners'].flatMap((mode) =>
      ['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil'].map((rounding) => [mode, rounding] as const),
    ),
  )('%s, %s', async (mode, rounding) => {
    const attributes = [
      stringAttribute('coordinate_transformation_mode', mode),
      stringAttribute('nearest_mode', rounding),
    ];
    const resize = network(dims, [node('Resize', ['x', '', 's'], ['y'], attributes)], [scales], {
      y: ['N', 3, 'h', 'w'],
    });
    expect(await difference(resize, data)).toBe(0);
  });

  it('to given sizes', async () => {
    const sizes = int64('z', [2, 3, 8, 10]);
    const attributes = [
      stringAttribute('coordinate_transformation_mode', 'asymmetric'),
      stringAttribute('nearest_mode', 'floor'),
    ];
    const resize = network(dims, [node('Resize', ['x', '', '', 'z'], ['y'], attributes)], [sizes], {
      y: ['N', 3, 8, 10],
    });
    expect(await difference(resize, data)).toBe(0);
  });

  const rounded = [
    stringAttribute('coordinate_transformation_mode', 'asymmetric'),
    stringAttribute('nearest_mode', 'floor'),
  ];

  it('by a scale whose product is whole only in float32: 10 · 0.7 = 7', async () => {
    const scale = tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 1, 0.7));
    const resize = network([1, 1, 1, 10], [node('Resize', ['x', '', 's'], ['y'], rounded)], [scale], {
      y: ['N', 1, 1, 7],
    });
    expect(await difference(resize, data.slice(0, 10))).toBe(0);
  });

  it('to a size whose scale is rounded to float32: 14 to 2', async () => {
    const sizes = int64('z', [1, 1, 1, 2]);
    const resize = network([1, 1, 1, 14], [node('Resize', ['x', '', '', 'z'], ['y'], rounded)], [sizes], {
      y: ['N', 1, 1, 2],
    });
    const input = Float32Array.from({ length: 14 }, (_, i) => i);
    expect(await difference(resize, input)).toBe(0);
    const { y } = loadPackedModel(packed(resize.model, none)).run({ x: { data: input, shape: resize.dims } });
    expect([...y!.data]).toEqual([0, 6]);
  });

  it.each([
    ['axes', intsAttribute('axes', [2, 3])],
    ['keep_aspect_ratio_policy', stringAttribute('keep_aspect_ratio_policy', 'not_larger')],
  ])('refuses %s when the model is loaded', (name, attribute) => {
    const resize = network(dims, [node('Resize', ['x', '', '', 'z'], ['y'], [attribute])], [int64('z', [8, 10])], {
      y: ['N', 3, 8, 10],
    });
    expect(() => loadPackedModel(packed(resize.model, none))).toThrow(name);
    expect(() => loadPackedModel(packed(resize.model, none))).toThrow('Resize_y');
  });
});

describe('Pad beside onnxruntime', () => {
  const before = [0, 1, 0, 2];
  const after = [0, 0, 3, 1];

  it('with the pads and value of old operator sets, which are attributes', async () => {
    const attributes = [intsAttribute('pads', [...before, ...after]), floatAttribute('value', -1.5)];
    const graph = one('Pad', attributes).model.graph!;
    const model = createModel({ irVersion: 5, opsets: { '': 10 }, graph });
    expect(await difference({ model, dims }, data)).toBe(0);
  });

  it('of some axes, counted from the end', async () => {
    const constants = [
      int64('p', [2, 1, 1, 3]),
      int64('axes', [-1, 1]),
      tensorFromArray('v', DataType.FLOAT, [], Float32Array.of(0.5)),
    ];
    const graph = network(dims, [node('Pad', ['x', 'p', 'v', 'axes'], ['y'])], constants, { y: ['N', 'a', 'b', 'c'] })
      .model.graph!;
    const model = createModel({ irVersion: 8, opsets: { '': 18 }, graph });
    expect(await difference({ model, dims }, data)).toBe(0);
  });

  it('refuses pads for other axes than there are', () => {
    const pad = network(dims, [node('Pad', ['x', 'p'], ['y'])], [int64('p', [1, 1])], { y: ['N', 'a', 'b', 'c'] });
    const model = loadPackedModel(packed(pad.model, none));
    expect(() => model.run({ x: { data, shape: dims } })).toThrow('two pads for each of 4 axes');
  });
});

describe('Gemm in real numbers beside onnxruntime', () => {
  it.each([[[]], [[1]], [[5]], [[1, 5]], [[4, 1]], [[4, 5]]])('with a bias of shape %j', async (shape) => {
    const gemm = network(
      [4, 3],
      [node('Gemm', ['x', 'w', 'b'], ['y'])],
      [weight('w', [3, 5], 1), weight('b', shape, 2)],
      { y: ['N', 5] },
    );
    expect(await difference(gemm, data.slice(0, 12))).toBeLessThan(2e-6);
  });

  it('refuses a bias that does not fit', () => {
    const gemm = network(
      [4, 3],
      [node('Gemm', ['x', 'w', 'b'], ['y'])],
      [weight('w', [3, 5], 1), weight('b', [3, 1], 2)],
      { y: ['N', 5] },
    );
    const model = loadPackedModel(packed(gemm.model, none));
    expect(() => model.run({ x: { data: data.slice(0, 12), shape: [4, 3] } })).toThrow('shape [3,1]');
  });
});

describe('integerSoftmax', () => {
  it('by hand: two codes a factor e² apart', () => {
    // t(0) = 2^23, t(2) = 2^23·e^−2; shares 0.8808 and 0.1192 of 256 codes above −128.
    const out = new Int8Array(2);
    const output = { scale: 1 / 256, zeroPoint: -128, qmin: -128, qmax: 127 };
    integerSoftmax({ codes: Int8Array.of(5, 3), scale: 1, zeroPoint: 0 }, { rows: 1, columns: 2 }, output, out);
    expect([...out]).toEqual([Math.round(0.880797 * 256) - 128, Math.round(0.119203 * 256) - 128]);
  });

  it('gives equal codes equal shares, in any order', () => {
    const out = new Uint8Array(6);
    const output = { scale: 1 / 255, zeroPoint: 0, qmin: 0, qmax: 255 };
    integerSoftmax(
      { codes: Uint8Array.of(9, 9, 9, 200, 9, 200), scale: 0.1, zeroPoint: 3 },
      { rows: 2, columns: 3 },
      output,
      out,
    );
    expect([...out]).toEqual([85, 85, 85, 128, 0, 128]);
  });
});
