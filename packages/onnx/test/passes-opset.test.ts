import {
  type Attribute,
  checkModel,
  convertOpset,
  createGraph,
  createValueInfo,
  DataType,
  floatAttribute,
  floatsAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  stringAttribute,
  type Tensor,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { relativeDifference, runModel, sineTensor } from './run-in-onnxruntime';
import { int64s, noise, op, operators, smallModel } from './small-graph';

const dims = [2, 3, 4, 4];
const feeds = { x: sineTensor(dims) };
const old = (opset: number, nodes: Node[], initializers: Tensor[] = []): Model =>
  smallModel(nodes, { x: dims }, initializers, { opset });
const one = (
  opset: number,
  opType: string,
  attributes: Attribute[] = [],
  inputs: string[] = [],
  initializers: Tensor[] = [],
): Model => old(opset, [op(opType, ['x', ...inputs], ['y'], attributes)], initializers);

/** Same model, same bits, at a newer opset. */
const cases: readonly (readonly [title: string, model: Model, target?: number])[] = [
  [
    'Squeeze',
    old(11, [
      op('ReduceMax', ['x'], ['m'], [intsAttribute('axes', [1, 3])]),
      op('Squeeze', ['m'], ['y'], [intsAttribute('axes', [1, 3])]),
    ]),
  ],
  ['Unsqueeze', one(11, 'Unsqueeze', [intsAttribute('axes', [0, 2])])],
  ['ReduceSum', one(11, 'ReduceSum', [intsAttribute('axes', [2]), intAttribute('keepdims', 0)])],
  ['ReduceSum over everything', one(11, 'ReduceSum')],
  ['ReduceMean', one(13, 'ReduceMean', [intsAttribute('axes', [2, 3])]), 18],
  ['ReduceL2', one(13, 'ReduceL2', [intsAttribute('axes', [-1])]), 21],
  ['Softmax on the last axis', one(11, 'Softmax', [intAttribute('axis', 3)])],
  ['Softmax over all trailing axes', one(11, 'Softmax')],
  ['Softmax over two axes', one(12, 'Softmax', [intAttribute('axis', 2)])],
  ['LogSoftmax over all trailing axes', one(12, 'LogSoftmax', [intAttribute('axis', 1)])],
  ['Hardmax over all trailing axes', one(12, 'Hardmax', [intAttribute('axis', 1)])],
  ['Pad', one(10, 'Pad', [intsAttribute('pads', [0, 0, 1, 2, 0, 0, 3, 0]), floatAttribute('value', 0.5)])],
  [
    'Pad by reflection',
    one(10, 'Pad', [intsAttribute('pads', [0, 0, 1, 2, 0, 0, 1, 0]), stringAttribute('mode', 'reflect')]),
  ],
  ['Clip', one(10, 'Clip', [floatAttribute('min', -0.25), floatAttribute('max', 0.75)])],
  ['Clip without max', one(10, 'Clip', [floatAttribute('min', -0.25)])],
  [
    'Slice',
    one(9, 'Slice', [
      intsAttribute('starts', [1, -2]),
      intsAttribute('ends', [2n ** 63n - 1n, -1]),
      intsAttribute('axes', [1, 3]),
    ]),
  ],
  ['Slice without axes', one(9, 'Slice', [intsAttribute('starts', [0, 1]), intsAttribute('ends', [1, 3])])],
  [
    'Split by sizes',
    old(11, [
      op('Split', ['x'], ['a', 'b'], [intAttribute('axis', 1), intsAttribute('split', [1, 2])]),
      op('Concat', ['b', 'a'], ['y'], [intAttribute('axis', 1)]),
    ]),
  ],
  [
    'Split into equal parts',
    old(13, [
      op('Split', ['x'], ['a', 'b'], [intAttribute('axis', 2)]),
      op('Concat', ['b', 'a'], ['y'], [intAttribute('axis', 2)]),
    ]),
    18,
  ],
  ['TopK', old(9, [op('TopK', ['x'], ['y', 'i'], [intAttribute('k', 2), intAttribute('axis', 3)])])],
  ['Dropout', one(10, 'Dropout', [floatAttribute('ratio', 0.5)])],
  [
    'BatchNormalization',
    one(
      8,
      'BatchNormalization',
      [intAttribute('spatial', 1)],
      ['g', 'b', 'm', 'v'],
      [noise('g', [3]), noise('b', [3]), noise('m', [3]), noise('v', [3], 1.2)],
    ),
  ],
  [
    'BatchNormalization',
    one(
      9,
      'BatchNormalization',
      [],
      ['g', 'b', 'm', 'v'],
      [noise('g', [3]), noise('b', [3]), noise('m', [3]), noise('v', [3], 1.2)],
    ),
    15,
  ],
  [
    'Upsample by attribute',
    one(8, 'Upsample', [floatsAttribute('scales', [1, 1, 2, 3]), stringAttribute('mode', 'nearest')]),
  ],
  [
    'Upsample by input',
    one(
      9,
      'Upsample',
      [stringAttribute('mode', 'nearest')],
      ['s'],
      [tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 2, 2))],
    ),
  ],
  [
    'Upsample linear',
    one(
      9,
      'Upsample',
      [stringAttribute('mode', 'linear')],
      ['s'],
      [tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 2, 2))],
    ),
  ],
  [
    'Resize nearest',
    one(
      10,
      'Resize',
      [stringAttribute('mode', 'nearest')],
      ['s'],
      [tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 2, 2.5))],
    ),
    19,
  ],
  [
    'Resize linear',
    one(
      10,
      'Resize',
      [stringAttribute('mode', 'linear')],
      ['s'],
      [tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 2, 0.5))],
    ),
  ],
  [
    'Scatter',
    one(
      10,
      'Scatter',
      [intAttribute('axis', 3)],
      ['i', 'u'],
      [int64s('i', [0, 2], [2, 1, 1, 1]), noise('u', [2, 1, 1, 1])],
    ),
  ],
  [
    'GridSample',
    old(
      16,
      [op('GridSample', ['x', 'grid'], ['y'], [stringAttribute('mode', 'bilinear')])],
      [noise('grid', [2, 3, 3, 2])],
    ),
    20,
  ],
  [
    'MaxPool, Gemm and friends',
    old(
      7,
      [
        op('MaxPool', ['x'], ['p'], [intsAttribute('kernel_shape', [2, 2])]),
        op('Flatten', ['p'], ['f']),
        op('Gemm', ['f', 'w', 'b'], ['y']),
      ],
      [noise('w', [27, 5]), noise('b', [5])],
    ),
  ],
];

describe('convertOpset', () => {
  for (const [title, model, target = 13] of cases) {
    const from = model.opsetImport[0]?.version;
    it(`keeps ${title} the same from opset ${from} to ${target}`, async () => {
      const { model: converted, changes } = convertOpset.run(model, { target });
      expect(changes.length).toBeGreaterThan(0);
      expect(checkModel(converted).filter(({ code }) => code !== 'value-type')).toEqual([]);
      expect(relativeDifference(await runModel(model, feeds), await runModel(converted, feeds))).toBe(0);
    });
  }

  it('raises the IR version where the opset needs it', () => {
    const { model } = convertOpset.run(one(9, 'Relu'), { target: 21 });
    expect(model.irVersion).toBe(10n);
  });

  it('returns a model that is new enough as it is', () => {
    const model = one(17, 'Relu');
    expect(convertOpset.run(model)).toEqual({ model, changes: [] });
  });

  it('leaves a Softmax on the last axis a single node', () => {
    expect(operators(convertOpset.run(one(11, 'Softmax', [intAttribute('axis', -1)])).model)).toEqual(['Softmax']);
  });

  const refused: readonly (readonly [title: string, model: Model, message: RegExp, target?: number])[] = [
    ['a model below opset 7', one(6, 'Relu'), /model of opset 7 or newer.*opset 6/],
    [
      'GroupNormalization whose parameters changed meaning',
      one(18, 'GroupNormalization', [intAttribute('num_groups', 3)], ['g', 'g'], [noise('g', [3])]),
      /GroupNormalization "GroupNormalization_y".*per group/,
      21,
    ],
    [
      'a per-activation BatchNormalization',
      one(8, 'BatchNormalization', [intAttribute('spatial', 0)], ['g', 'g', 'g', 'g'], [noise('g', [3])]),
      /spatial = 0/,
    ],
    [
      'a Dropout whose mask is read',
      old(9, [op('Dropout', ['x'], ['d', 'mask']), op('Add', ['d', 'mask'], ['y'])]),
      /mask/,
    ],
    ['an operator that does not exist', one(11, 'Convolve'), /Convolve "Convolve_y"/],
    [
      'a Resize that may shrink by nearest neighbour',
      one(10, 'Resize', [], ['s'], [tensorFromArray('s', DataType.FLOAT, [4], Float32Array.of(1, 1, 0.5, 0.5))]),
      /nearest/,
    ],
  ];
  for (const [title, model, message, target] of refused) {
    it(`refuses ${title}`, () => {
      expect(() => convertOpset.run(model, target === undefined ? {} : { target })).toThrow(message);
    });
  }

  it('refuses a node inside a body graph that would have to change, with its path', () => {
    const body = (name: string): ReturnType<typeof createGraph> =>
      createGraph({
        name,
        nodes: [op('Unsqueeze', ['x'], [`${name}_out`], [intsAttribute('axes', [0])])],
        inputs: [],
        outputs: [createValueInfo(`${name}_out`, DataType.FLOAT)],
      });
    const branch = op(
      'If',
      ['c'],
      ['y'],
      [graphAttribute('then_branch', body('then')), graphAttribute('else_branch', body('else'))],
    );
    const model = old(11, [branch], [tensorFromArray('c', DataType.BOOL, [], Uint8Array.of(1))]);
    expect(() => convertOpset.run(model)).toThrow(/Unsqueeze "If_y\/then_branch\/Unsqueeze_then_out"/);
  });

  it('refuses a target it does not know', () => {
    expect(() => convertOpset.run(one(11, 'Relu'), { target: 22 })).toThrow(
      /a target opset from 13 to 21, received 22/,
    );
    expect(() => convertOpset.run(one(11, 'Relu'), { target: 12 })).toThrow(/received 12/);
  });
});
