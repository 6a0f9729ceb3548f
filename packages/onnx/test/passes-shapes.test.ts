import {
  type Attribute,
  createNode,
  createValueInfo,
  DataType,
  editGraph,
  floatAttribute,
  inferShapes,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  stringAttribute,
  type Tensor,
  tensorAttribute,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { runModel, sineTensor } from './run-in-onnxruntime';
import { int64s, noise, op, smallModel } from './small-graph';

const dims = [2, 6, 8, 9];
const feeds = { x: sineTensor(dims) };
const scalar = (name: string, value: number): Tensor =>
  tensorFromArray(name, DataType.FLOAT, [], Float32Array.of(value));
const zero = (name: string): Tensor => tensorFromArray(name, DataType.UINT8, [], Uint8Array.of(128));
const floats = (name: string, values: number[]): Tensor =>
  tensorFromArray(name, DataType.FLOAT, [values.length], Float32Array.from(values));
const contrib = (opType: string, inputs: string[], outputs: string[], attributes: Attribute[] = []): Node =>
  createNode({ opType, domain: 'com.microsoft', inputs, outputs, attributes, name: `${opType}_${outputs[0]}` });
const i = intAttribute;
const is = intsAttribute;
const kernel = is('kernel_shape', [3, 2]);

interface Extra {
  readonly constants?: Tensor[];
  readonly opset?: number;
  /** Types of outputs that are not float. */
  readonly types?: Readonly<Record<string, number>>;
}
type Case = readonly [title: string, nodes: Node[], extra?: Extra];

const q = { s: scalar('s', 0.05), z: zero('z') };
const quantized = (nodes: Node[], extra: Tensor[] = []): [Node[], Extra] => [
  [op('QuantizeLinear', ['x', 's', 'z'], ['q']), ...nodes],
  { constants: [q.s, q.z, ...extra] },
];
const weights = (name: string, shape: number[]): Tensor =>
  tensorFromArray(
    name,
    DataType.INT8,
    shape,
    Int8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => (k % 50) - 25),
  );

const cases: readonly Case[] = [
  [
    'Conv with strides, pads and dilations',
    [op('Conv', ['x', 'w'], ['y'], [is('strides', [2, 1]), is('pads', [1, 0, 2, 1]), is('dilations', [1, 2])])],
    { constants: [noise('w', [4, 6, 3, 3])] },
  ],
  ['grouped Conv', [op('Conv', ['x', 'w'], ['y'], [i('group', 3)])], { constants: [noise('w', [9, 2, 3, 3])] }],
  [
    'Conv SAME_UPPER',
    [op('Conv', ['x', 'w'], ['y'], [is('strides', [2, 2]), stringAttribute('auto_pad', 'SAME_UPPER')])],
    { constants: [noise('w', [4, 6, 3, 3])] },
  ],
  [
    'Conv VALID',
    [op('Conv', ['x', 'w'], ['y'], [stringAttribute('auto_pad', 'VALID')])],
    { constants: [noise('w', [4, 6, 3, 3])] },
  ],
  [
    'ConvTranspose',
    [
      op(
        'ConvTranspose',
        ['x', 'w'],
        ['y'],
        [is('strides', [2, 3]), is('pads', [1, 0, 1, 1]), is('output_padding', [1, 0]), i('group', 2)],
      ),
    ],
    { constants: [noise('w', [6, 2, 3, 3])] },
  ],
  [
    'MaxPool with indices',
    [op('MaxPool', ['x'], ['y', 'i'], [kernel, is('strides', [2, 2])])],
    { types: { i: DataType.INT64 } },
  ],
  [
    'MaxPool with ceil_mode',
    [op('MaxPool', ['x'], ['y'], [is('kernel_shape', [2, 2]), is('strides', [3, 4]), i('ceil_mode', 1)])],
  ],
  [
    'MaxPool with ceil_mode and pads',
    [op('MaxPool', ['x'], ['y'], [kernel, is('strides', [3, 2]), is('pads', [1, 1, 1, 1]), i('ceil_mode', 1)])],
  ],
  ['AveragePool', [op('AveragePool', ['x'], ['y'], [kernel, is('pads', [1, 1, 1, 1]), is('strides', [1, 2])])]],
  ['GlobalAveragePool', [op('GlobalAveragePool', ['x'], ['y'])]],
  [
    'BatchNormalization',
    [op('BatchNormalization', ['x', 'g', 'g', 'g', 'v'], ['y'])],
    { constants: [noise('g', [6]), noise('v', [6], 1.2)] },
  ],
  [
    'LayerNormalization',
    [op('LayerNormalization', ['x', 'g'], ['y', 'm', 'd'], [i('axis', -2)])],
    { constants: [noise('g', [8, 9])] },
  ],
  ['InstanceNormalization', [op('InstanceNormalization', ['x', 'g', 'g'], ['y'])], { constants: [noise('g', [6])] }],
  [
    'Gemm',
    [op('Flatten', ['x'], ['f']), op('Gemm', ['f', 'w', 'b'], ['y'], [i('transB', 1)])],
    { constants: [noise('w', [5, 432]), noise('b', [5])] },
  ],
  [
    'Gemm transA',
    [op('Flatten', ['x'], ['f']), op('Gemm', ['f', 'w'], ['y'], [i('transA', 1)])],
    { constants: [noise('w', [2, 5])] },
  ],
  ['MatMul, batched', [op('MatMul', ['x', 'w'], ['y'])], { constants: [noise('w', [6, 9, 4])] }],
  ['MatMul with a vector', [op('MatMul', ['x', 'w'], ['y'])], { constants: [noise('w', [9])] }],
  [
    'attention without Einsum',
    [
      op('Transpose', ['x'], ['t'], [is('perm', [0, 1, 3, 2])]),
      op('MatMul', ['x', 't'], ['s']),
      op('Softmax', ['s'], ['p']),
      op('MatMul', ['p', 'x'], ['y']),
    ],
  ],
  [
    'broadcast Add, Sub and Where',
    [
      op('Add', ['x', 'a'], ['b']),
      op('Sub', ['c', 'b'], ['d']),
      op('Greater', ['d', 'a'], ['m']),
      op('Where', ['m', 'd', 'x'], ['y']),
    ],
    { constants: [noise('a', [9]), noise('c', [3, 1, 1, 1, 1])], types: { m: DataType.BOOL } },
  ],
  [
    'ReduceMean and ReduceSum',
    [op('ReduceMean', ['x'], ['m'], [is('axes', [1, -1])]), op('ReduceSum', ['m', 'ax'], ['y'], [i('keepdims', 0)])],
    { constants: [int64s('ax', [2])] },
  ],
  ['ReduceMax over everything', [op('ReduceMax', ['x'], ['y'], [i('keepdims', 0)])]],
  ['ArgMax', [op('ArgMax', ['x'], ['y'], [i('axis', 1), i('keepdims', 0)])], { types: { y: DataType.INT64 } }],
  [
    'TopK',
    [op('TopK', ['x', 'k'], ['y', 'i'], [i('axis', 2)])],
    { constants: [int64s('k', [3])], types: { i: DataType.INT64 } },
  ],
  ['Reshape with 0 and -1', [op('Reshape', ['x', 'to'], ['y'])], { constants: [int64s('to', [0, -1, 4])] }],
  ['Flatten at 2', [op('Flatten', ['x'], ['y'], [i('axis', 2)])]],
  ['Flatten at -1', [op('Flatten', ['x'], ['y'], [i('axis', -1)])]],
  ['Transpose without perm', [op('Transpose', ['x'], ['y'])]],
  [
    'Unsqueeze and Squeeze',
    [op('Unsqueeze', ['x', 'ax'], ['u']), op('Squeeze', ['u', 'one'], ['y'])],
    { constants: [int64s('ax', [0, -1]), int64s('one', [0])] },
  ],
  ['Squeeze without axes', [op('ReduceMax', ['x'], ['m'], [is('axes', [1, 2])]), op('Squeeze', ['m'], ['y'])]],
  ['Concat', [op('Concat', ['x', 'x', 'c'], ['y'], [i('axis', -1)])], { constants: [noise('c', [2, 6, 8, 3])] }],
  ['Split by sizes', [op('Split', ['x', 'n'], ['y', 'b'], [i('axis', 1)])], { constants: [int64s('n', [4, 2])] }],
  ['Split into uneven parts', [op('Split', ['x'], ['y', 'b'], [i('axis', 3), i('num_outputs', 2)])], { opset: 18 }],
  [
    'Slice with negative steps',
    [op('Slice', ['x', 'st', 'en', 'ax', 'sp'], ['y'])],
    { constants: [int64s('st', [-1, 1]), int64s('en', [-100, 7]), int64s('ax', [3, 2]), int64s('sp', [-2, 3])] },
  ],
  ['Gather', [op('Gather', ['x', 'n'], ['y'], [i('axis', 1)])], { constants: [int64s('n', [0, 2, 5, 1], [2, 2])] }],
  ['Gather with a scalar', [op('Gather', ['x', 'n'], ['y'], [i('axis', -1)])], { constants: [int64s('n', [3], [])] }],
  ['GatherND', [op('GatherND', ['x', 'n'], ['y'])], { constants: [int64s('n', [0, 1, 1, 2], [2, 2])] }],
  ['Pad', [op('Pad', ['x', 'p'], ['y'])], { constants: [int64s('p', [0, 1, 2, 0, 0, 0, 1, 3])] }],
  [
    'Pad with axes',
    [op('Pad', ['x', 'p', '', 'ax'], ['y'])],
    { constants: [int64s('p', [1, 2]), int64s('ax', [-1])], opset: 18 },
  ],
  ['Tile', [op('Tile', ['x', 'n'], ['y'])], { constants: [int64s('n', [1, 2, 1, 3])] }],
  [
    'Expand',
    [op('ReduceMax', ['x'], ['m'], [is('axes', [3])]), op('Expand', ['m', 'n'], ['y'])],
    { constants: [int64s('n', [8, 4])] },
  ],
  [
    'Resize by scales',
    [op('Resize', ['x', '', 'r'], ['y'], [stringAttribute('mode', 'linear')])],
    { constants: [floats('r', [1, 1, 1.7, 0.6])] },
  ],
  [
    'Resize by a scale whose product is whole only in float32',
    [op('Resize', ['x', '', 'r'], ['y'])],
    { constants: [floats('r', [1, 5 / 6, 1, 1])] },
  ],
  ['Resize by sizes', [op('Resize', ['x', '', '', 'r'], ['y'])], { constants: [int64s('r', [2, 6, 5, 20])] }],
  [
    'DepthToSpace',
    [op('Concat', ['x', 'x'], ['c'], [i('axis', 1)]), op('DepthToSpace', ['c'], ['y'], [i('blocksize', 2)])],
  ],
  [
    'SpaceToDepth',
    [op('Slice', ['x', 'st', 'en', 'ax'], ['e']), op('SpaceToDepth', ['e'], ['y'], [i('blocksize', 2)])],
    { constants: [int64s('st', [0]), int64s('en', [8]), int64s('ax', [3])] },
  ],
  [
    'ConstantOfShape from Shape',
    [op('Shape', ['x'], ['n']), op('ConstantOfShape', ['n'], ['y'])],
    { types: { n: DataType.INT64 } },
  ],
  [
    'Shape with start and end',
    [op('Shape', ['x'], ['y'], [i('start', 1), i('end', -1)])],
    { types: { y: DataType.INT64 } },
  ],
  [
    'Range over a size',
    [op('Shape', ['x'], ['n']), op('Gather', ['n', 'two'], ['g']), op('Range', ['nil', 'g', 'one'], ['y'])],
    {
      constants: [int64s('two', [2], []), int64s('nil', [0], []), int64s('one', [2], [])],
      types: { n: DataType.INT64, g: DataType.INT64, y: DataType.INT64 },
    },
  ],
  [
    'OneHot',
    [op('OneHot', ['n', 'depth', 'v'], ['o']), op('Identity', ['o'], ['y'])],
    { constants: [int64s('n', [1, 2, 0]), int64s('depth', [5], []), noise('v', [2])] },
  ],
  ['NonZero', [op('NonZero', ['x'], ['y'])], { types: { y: DataType.INT64 } }],
  [
    'Constant and Cast',
    [
      op('Constant', [], ['c'], [tensorAttribute('value', noise('v', [4, 3]))]),
      op('Cast', ['c'], ['y'], [i('to', DataType.INT32)]),
    ],
    { types: { y: DataType.INT32 } },
  ],
  [
    'LSTM',
    [op('Reshape', ['x', 'to'], ['r']), op('LSTM', ['r', 'w', 'u'], ['y', 'h', 'c'], [i('hidden_size', 4)])],
    { constants: [int64s('to', [2, 6, 72]), noise('w', [1, 16, 72]), noise('u', [1, 16, 4])] },
  ],
  [
    'bidirectional GRU',
    [
      op('Reshape', ['x', 'to'], ['r']),
      op('GRU', ['r', 'w', 'u'], ['y', 'h'], [i('hidden_size', 4), stringAttribute('direction', 'bidirectional')]),
    ],
    { constants: [int64s('to', [2, 6, 72]), noise('w', [2, 12, 72]), noise('u', [2, 12, 4])] },
  ],
  [
    'DynamicQuantizeLinear',
    [op('DynamicQuantizeLinear', ['x'], ['y', 'ys', 'yz'])],
    { types: { y: DataType.UINT8, yz: DataType.UINT8 } },
  ],
  ['QuantizeLinear and DequantizeLinear', ...quantized([op('DequantizeLinear', ['q', 's', 'z'], ['y'])])],
  [
    'QLinearConv',
    ...quantized(
      [
        op('QLinearConv', ['q', 's', 'z', 'w', 's', 'wz', 's', 'z'], ['c'], [is('pads', [1, 1, 1, 1])]),
        op('DequantizeLinear', ['c', 's', 'z'], ['y']),
      ],
      [weights('w', [4, 6, 3, 3]), tensorFromArray('wz', DataType.INT8, [], Int8Array.of(0))],
    ),
  ],
  [
    'ConvInteger',
    ...quantized(
      [op('ConvInteger', ['q', 'w', 'z'], ['c']), op('Cast', ['c'], ['y'], [i('to', 1)])],
      [weights('w', [4, 6, 3, 3])],
    ),
  ],
  [
    'MatMulInteger',
    ...quantized(
      [op('MatMulInteger', ['q', 'w', 'z'], ['c']), op('Cast', ['c'], ['y'], [i('to', 1)])],
      [weights('w', [9, 5])],
    ),
  ],
  [
    'QLinearMatMul',
    ...quantized(
      [
        op('QLinearMatMul', ['q', 's', 'z', 'w', 's', 'wz', 's', 'z'], ['c']),
        op('DequantizeLinear', ['c', 's', 'z'], ['y']),
      ],
      [weights('w', [9, 5]), tensorFromArray('wz', DataType.INT8, [], Int8Array.of(0))],
    ),
  ],
  [
    'QLinearAdd',
    ...quantized([
      contrib('QLinearAdd', ['q', 's', 'z', 'q', 's', 'z', 's', 'z'], ['c']),
      op('DequantizeLinear', ['c', 's', 'z'], ['y']),
    ]),
  ],
  [
    'QLinearConcat',
    ...quantized([
      contrib('QLinearConcat', ['s', 'z', 'q', 's', 'z', 'q', 's', 'z'], ['c'], [i('axis', 1)]),
      op('DequantizeLinear', ['c', 's', 'z'], ['y']),
    ]),
  ],
  [
    'QLinearAveragePool',
    ...quantized([
      contrib('QLinearAveragePool', ['q', 's', 'z', 's', 'z'], ['c'], [kernel]),
      op('DequantizeLinear', ['c', 's', 'z'], ['y']),
    ]),
  ],
  [
    'QLinearGlobalAveragePool',
    ...quantized([
      contrib('QLinearGlobalAveragePool', ['q', 's', 'z', 's', 'z'], ['c']),
      op('DequantizeLinear', ['c', 's', 'z'], ['y']),
    ]),
  ],
  [
    'FusedMatMul and Gelu',
    [contrib('Gelu', ['x'], ['g']), contrib('FusedMatMul', ['g', 'w'], ['y'], [floatAttribute('alpha', 0.5)])],
    { constants: [noise('w', [9, 4])] },
  ],
];

/** All values as outputs. */
const tapped = (model: Model): Model => {
  const inferred = inferShapes(model);
  const edit = editGraph(model);
  for (const node of edit.nodes()) {
    for (const name of node.output) {
      if (name !== '' && !edit.isOutput(name)) edit.addOutput(createValueInfo(name, inferred.get(name)?.dataType ?? 0));
    }
  }
  return edit.finish();
};

/** Sizes that depend on the data itself; inference must say "unknown". */
const dataDependent = new Set(['NonZero']);

describe('inferShapes against onnxruntime', () => {
  for (const [title, nodes, { constants = [], opset = 17, types = {} } = {}] of cases) {
    it(`gives the sizes and types of ${title}, also when the batch is a name`, async () => {
      const model = smallModel(nodes, { x: dims }, constants, { opset, types });
      const inferred = inferShapes(model);
      const actual = await runModel(tapped(model), feeds);
      const symbolic = inferShapes(smallModel(nodes, { x: ['N', ...dims.slice(1)] }, constants, { opset, types }));
      for (const [name, value] of Object.entries(actual)) {
        const found = inferred.get(name);
        if (dataDependent.has(title)) expect(found?.dims).toContain(undefined);
        else expect(found?.dims, name).toEqual(value.dims);
        const named = symbolic.get(name)?.dims;
        expect(named?.length ?? value.dims.length, `rank of ${name}`).toBe(value.dims.length);
        value.dims.forEach((size, axis) => {
          if (typeof named?.[axis] === 'number') expect(named[axis], `axis ${axis} of ${name}`).toBe(size);
        });
      }
    });
  }
});
