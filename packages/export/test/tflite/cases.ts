import {
  createNode,
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
import { toy, values, weight } from '../toy-models';

/** A network of one or few operators on an input `x`, output `y`. */
export interface OperatorCase {
  readonly name: string;
  readonly model: Model;
  readonly dims: readonly number[];
  /** Codes by which results may differ: 1 for one rounding. */
  readonly steps: number;
}

type Attributes = Parameters<typeof createNode>[0]['attributes'];

const node = (
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = [],
): Node => createNode({ opType, name: `${opType}_${outputs[0]}`, inputs, outputs, attributes });

const int64 = (name: string, list: readonly number[]): Tensor =>
  tensorFromArray(name, DataType.INT64, [list.length], BigInt64Array.from(list, BigInt));

function one(
  name: string,
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  output: readonly (number | string)[],
  options: { readonly dims?: readonly number[]; readonly steps?: number; readonly opset?: number } = {},
): OperatorCase {
  const dims = options.dims ?? [2, 4, 8, 6];
  const input = ['N', ...dims.slice(1)];
  const model = toy({ nodes, initializers, input, outputs: { y: output }, opset: options.opset ?? 17 });
  return { name, model, dims, steps: options.steps ?? 1 };
}

const convolution = (
  name: string,
  weightDims: readonly number[],
  output: readonly (number | string)[],
  attributes: Attributes,
  options: {
    readonly dims?: readonly number[];
    readonly after?: readonly Node[];
    readonly constants?: readonly Tensor[];
  } = {},
): OperatorCase =>
  one(
    name,
    [node('Conv', ['x', 'w', 'b'], [options.after === undefined ? 'y' : 'c'], attributes), ...(options.after ?? [])],
    [weight('w', weightDims, 3), weight('b', [weightDims[0]!], 4), ...(options.constants ?? [])],
    output,
    options.dims === undefined ? {} : { dims: options.dims },
  );

const bounds = (min: number, max: number): readonly Tensor[] => [
  tensorFromArray('min', DataType.FLOAT, [], Float32Array.of(min)),
  tensorFromArray('max', DataType.FLOAT, [], Float32Array.of(max)),
];

const pads = (...list: number[]) => intsAttribute('pads', list);
const strides = (...list: number[]) => intsAttribute('strides', list);
const scales = tensorFromArray('scales', DataType.FLOAT, [4], Float32Array.of(1, 1, 2, 2));
const resize = (name: string, mode: string, coordinates: string, rounding?: string, steps = 1): OperatorCase =>
  one(
    name,
    [
      node(
        'Resize',
        ['x', '', 'scales'],
        ['y'],
        [
          stringAttribute('mode', mode),
          stringAttribute('coordinate_transformation_mode', coordinates),
          ...(rounding === undefined ? [] : [stringAttribute('nearest_mode', rounding)]),
        ],
      ),
    ],
    [scales],
    ['N', 4, 16, 12],
    { steps },
  );

/** Every operator the exporter writes on int8, in the forms that take different paths. */
export const operatorCases: readonly OperatorCase[] = [
  convolution('conv 3×3, SAME', [5, 4, 3, 3], ['N', 5, 8, 6], [pads(1, 1, 1, 1)]),
  convolution('conv 1×1', [5, 4, 1, 1], ['N', 5, 8, 6], []),
  convolution('conv, stride 2 behind a pad', [5, 4, 3, 3], ['N', 5, 4, 3], [pads(1, 1, 1, 1), strides(2, 2)]),
  convolution('conv, uneven pads', [5, 4, 3, 2], ['N', 5, 9, 7], [pads(2, 0, 1, 2)]),
  convolution('conv, dilation 2', [5, 4, 3, 3], ['N', 5, 8, 6], [pads(2, 2, 2, 2), intsAttribute('dilations', [2, 2])]),
  convolution(
    'conv, SAME_UPPER',
    [5, 4, 3, 3],
    ['N', 5, 4, 3],
    [stringAttribute('auto_pad', 'SAME_UPPER'), strides(2, 2)],
  ),
  convolution('conv, two groups', [6, 2, 3, 3], ['N', 6, 8, 6], [pads(1, 1, 1, 1), intAttribute('group', 2)]),
  convolution('depthwise conv', [4, 1, 3, 3], ['N', 4, 8, 6], [pads(1, 1, 1, 1), intAttribute('group', 4)]),
  convolution(
    'depthwise conv, multiplier 2',
    [8, 1, 3, 3],
    ['N', 8, 8, 6],
    [pads(1, 1, 1, 1), intAttribute('group', 4)],
  ),
  convolution('conv and Relu', [5, 4, 3, 3], ['N', 5, 8, 6], [pads(1, 1, 1, 1)], {
    after: [node('Relu', ['c'], ['y'])],
  }),
  convolution('conv and Clip 0…6', [5, 4, 3, 3], ['N', 5, 8, 6], [pads(1, 1, 1, 1)], {
    after: [node('Clip', ['c', 'min', 'max'], ['y'])],
    constants: bounds(0, 6),
  }),
  convolution('conv and Clip −0.5…0.75', [5, 4, 3, 3], ['N', 5, 8, 6], [pads(1, 1, 1, 1)], {
    after: [node('Clip', ['c', 'min', 'max'], ['y'])],
    constants: bounds(-0.5, 0.75),
  }),
  convolution('conv 1-D', [5, 4, 3], ['N', 5, 8], [pads(1, 1)], { dims: [2, 4, 8] }),
  one(
    'conv without bias',
    [node('Conv', ['x', 'w'], ['y'], [pads(1, 1, 1, 1)])],
    [weight('w', [5, 4, 3, 3], 3)],
    ['N', 5, 8, 6],
  ),
  one(
    'transposed conv',
    [node('ConvTranspose', ['x', 'w', 'b'], ['y'], [strides(2, 2), pads(1, 1, 1, 1)])],
    [weight('w', [4, 5, 4, 4], 3), weight('b', [5], 4)],
    ['N', 5, 16, 12],
    { dims: [1, 4, 8, 6] },
  ),
  one('gemm', [node('Gemm', ['x', 'w', 'b'], ['y'])], [weight('w', [24, 5], 3), weight('b', [5], 4)], ['N', 5], {
    dims: [3, 24],
  }),
  one(
    'gemm, transB',
    [node('Gemm', ['x', 'w', 'b'], ['y'], [intAttribute('transB', 1)])],
    [weight('w', [5, 24], 3), weight('b', [5], 4)],
    ['N', 5],
    {
      dims: [3, 24],
    },
  ),
  one('matmul', [node('MatMul', ['x', 'w'], ['y'])], [weight('w', [24, 5], 3)], ['N', 5], { dims: [3, 24] }),
  one('matmul, three axes', [node('MatMul', ['x', 'w'], ['y'])], [weight('w', [6, 5], 3)], ['N', 7, 5], {
    dims: [2, 7, 6],
  }),
  one(
    'matmul of activations',
    [node('Transpose', ['x'], ['t'], [intsAttribute('perm', [0, 2, 1])]), node('MatMul', ['x', 't'], ['y'])],
    [],
    ['N', 7, 7],
    { dims: [2, 7, 6] },
  ),
  one('add a constant per channel', [node('Add', ['x', 'c'], ['y'])], [weight('c', [4, 1, 1], 3)], ['N', 4, 8, 6]),
  one('add a tensor to itself', [node('Add', ['x', 'x'], ['y'])], [], ['N', 4, 8, 6]),
  one('subtract', [node('Sub', ['x', 'c'], ['y'])], [weight('c', [6], 3)], ['N', 4, 8, 6]),
  one('multiply', [node('Mul', ['x', 'x'], ['y'])], [], ['N', 4, 8, 6]),
  one(
    'concat of different ranges',
    [node('Mul', ['x', 'c'], ['m']), node('Concat', ['x', 'm'], ['y'], [intAttribute('axis', 1)])],
    [weight('c', [1], 3)],
    ['N', 8, 8, 6],
    { steps: 2 },
  ),
  one(
    'max pool',
    [node('MaxPool', ['x'], ['y'], [intsAttribute('kernel_shape', [2, 2]), strides(2, 2)])],
    [],
    ['N', 4, 4, 3],
  ),
  one(
    'max pool behind a pad',
    [node('MaxPool', ['x'], ['y'], [intsAttribute('kernel_shape', [3, 3]), strides(2, 2), pads(1, 1, 1, 1)])],
    [],
    ['N', 4, 4, 3],
  ),
  one(
    'average pool',
    [node('AveragePool', ['x'], ['y'], [intsAttribute('kernel_shape', [2, 2]), strides(2, 2)])],
    [],
    ['N', 4, 4, 3],
    { steps: 2 },
  ),
  one(
    'average pool, SAME',
    [node('AveragePool', ['x'], ['y'], [intsAttribute('kernel_shape', [3, 3]), pads(1, 1, 1, 1)])],
    [],
    ['N', 4, 8, 6],
    {
      steps: 2,
    },
  ),
  one(
    'average pool over everything',
    [node('AveragePool', ['x'], ['y'], [intsAttribute('kernel_shape', [8, 6])])],
    [],
    ['N', 4, 1, 1],
  ),
  one('global average pool', [node('GlobalAveragePool', ['x'], ['y'])], [], ['N', 4, 1, 1]),
  one(
    'mean over channels',
    [node('ReduceMean', ['x'], ['y'], [intsAttribute('axes', [1]), intAttribute('keepdims', 1)])],
    [],
    ['N', 1, 8, 6],
  ),
  one(
    'mean, axes dropped',
    [node('ReduceMean', ['x'], ['y'], [intsAttribute('axes', [2, 3]), intAttribute('keepdims', 0)])],
    [],
    ['N', 4],
  ),
  one(
    'largest over an axis',
    [node('ReduceMax', ['x'], ['y'], [intsAttribute('axes', [3]), intAttribute('keepdims', 0)])],
    [],
    ['N', 4, 8],
  ),
  one('flatten an image', [node('Flatten', ['x'], ['y'])], [], ['N', 192]),
  one('reshape', [node('Reshape', ['x', 's'], ['y'])], [int64('s', [0, 8, 24])], ['N', 8, 24]),
  one(
    'transpose and flatten',
    [node('Transpose', ['x'], ['t'], [intsAttribute('perm', [0, 2, 3, 1])]), node('Flatten', ['t'], ['y'])],
    [],
    ['N', 192],
  ),
  one(
    'slice every second',
    [node('Slice', ['x', 'a', 'e', 'd', 'p'], ['y'])],
    [int64('a', [1, 0]), int64('e', [100, -1]), int64('d', [2, 3]), int64('p', [2, 1])],
    ['N', 4, 4, 5],
  ),
  one(
    'slice backwards',
    [node('Slice', ['x', 'a', 'e', 'd', 'p'], ['y'])],
    [int64('a', [-1]), int64('e', [-100]), int64('d', [3]), int64('p', [-1])],
    ['N', 4, 8, 6],
  ),
  one(
    'split and add',
    [node('Split', ['x', 'parts'], ['a', 'b'], [intAttribute('axis', 1)]), node('Add', ['a', 'b'], ['y'])],
    [int64('parts', [2, 2])],
    ['N', 2, 8, 6],
  ),
  one('pad', [node('Pad', ['x', 'p'], ['y'])], [int64('p', [0, 1, 2, 0, 0, 1, 0, 3])], ['N', 6, 10, 9]),
  one(
    'gather',
    [node('Gather', ['x', 'i'], ['y'], [intAttribute('axis', 1)])],
    [int64('i', [3, 0, 0])],
    ['N', 3, 8, 6],
  ),
  one('expand, on real numbers', [node('Expand', ['x', 's'], ['y'])], [int64('s', [1, 4, 8, 6])], ['N', 4, 8, 6], {
    dims: [2, 4, 1, 6],
  }),
  one('softmax', [node('Softmax', ['x'], ['y'], [intAttribute('axis', 1)])], [], ['N', 4, 8, 6], { steps: 2 }),
  one('sigmoid', [node('Sigmoid', ['x'], ['y'])], [], ['N', 4, 8, 6], { steps: 2 }),
  one('tanh', [node('Tanh', ['x'], ['y'])], [], ['N', 4, 8, 6], { steps: 2 }),
  one('leaky relu', [node('LeakyRelu', ['x'], ['y'], [floatAttribute('alpha', 0.1)])], [], ['N', 4, 8, 6]),
  one('relu alone', [node('Relu', ['x'], ['y'])], [], ['N', 4, 8, 6], { steps: 1 }),
  one('hard swish', [node('HardSwish', ['x'], ['y'])], [], ['N', 4, 8, 6], { steps: 2 }),
  // The output stays a real number, while the quantized graph saturates it at the ends of its range.
  one('exp, on real numbers', [node('Exp', ['x'], ['y'])], [], ['N', 4, 8, 6], { steps: 2 }),
  resize('nearest ×2, asymmetric', 'nearest', 'asymmetric', 'floor'),
  resize('nearest ×2, half pixel', 'nearest', 'half_pixel'),
  resize('linear ×2, half pixel', 'linear', 'half_pixel'),
  // The kernel interpolates with weights of 10 bits.
  resize('linear ×2, aligned corners', 'linear', 'align_corners', undefined, 2),
];

/** The input of a case. */
export function inputOf({ dims }: OperatorCase): Float32Array {
  return values(
    dims.reduce((a, b) => a * b, 1),
    99,
  );
}
