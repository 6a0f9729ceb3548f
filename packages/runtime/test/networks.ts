import {
  DataType,
  floatAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  tensorFromArray,
} from '@bitwright/onnx';
import { int64, type Network, network, node, pads, weight } from './toy-network';

const bound = (name: string, value: number) => tensorFromArray(name, DataType.FLOAT, [], Float32Array.of(value));
const strides = (...list: number[]) => intsAttribute('strides', list);
const kernel = (...list: number[]) => intsAttribute('kernel_shape', list);

/** A convolution in front and one behind an operator, so that it stands among codes. */
function between(
  middle: Parameters<typeof network>[1],
  constants: Parameters<typeof network>[2],
  channels: number,
  size: readonly [number, number],
): Network {
  return network(
    [2, 4, 8, 6],
    [
      node('Conv', ['x', 'w1', 'b1'], ['a'], [pads(1, 1, 1, 1)]),
      ...middle,
      node('Conv', ['m', 'w2', 'b2'], ['y'], [pads(1, 1, 1, 1)]),
    ],
    [
      weight('w1', [6, 4, 3, 3], 1),
      weight('b1', [6], 2),
      weight('w2', [5, channels, 3, 3], 3),
      weight('b2', [5], 4),
      ...constants,
    ],
    { y: ['N', 5, ...size] },
  );
}

/** Networks that take every operator through its integer form, by name. */
export const networks: Readonly<Record<string, Network>> = {
  'residual block, pool and classifier': network(
    [2, 4, 8, 8],
    [
      node('Conv', ['x', 'w1', 'b1'], ['c1'], [pads(1, 1, 1, 1)]),
      node('Relu', ['c1'], ['r1']),
      node('Conv', ['r1', 'w2', 'b2'], ['c2'], [pads(1, 1, 1, 1)]),
      node('Add', ['c2', 'r1'], ['s']),
      node('Relu', ['s'], ['r2']),
      node('GlobalAveragePool', ['r2'], ['p']),
      node('Flatten', ['p'], ['f']),
      node('Gemm', ['f', 'w3', 'b3'], ['y']),
    ],
    [
      weight('w1', [8, 4, 3, 3], 1),
      weight('b1', [8], 2),
      weight('w2', [8, 8, 3, 3], 3),
      weight('b2', [8], 4),
      weight('w3', [8, 5], 5),
      weight('b3', [5], 6),
    ],
    { y: ['N', 5] },
  ),
  'inverted residual with clips': network(
    [1, 4, 9, 7],
    [
      node('Conv', ['x', 'w1', 'b1'], ['c1']),
      node('Clip', ['c1', 'zero', 'six'], ['r1']),
      node('Conv', ['r1', 'w2', 'b2'], ['c2'], [pads(1, 1, 1, 1), intAttribute('group', 12)]),
      node('Clip', ['c2', 'zero', 'six'], ['r2']),
      node('Conv', ['r2', 'w3', 'b3'], ['c3']),
      node('Add', ['c3', 'x'], ['s']),
      node('Conv', ['s', 'w4', 'b4'], ['y'], [strides(2, 2)]),
    ],
    [
      bound('zero', 0),
      bound('six', 6),
      weight('w1', [12, 4, 1, 1], 1),
      weight('b1', [12], 2),
      weight('w2', [12, 1, 3, 3], 3),
      weight('b2', [12], 4),
      weight('w3', [4, 12, 1, 1], 5),
      weight('b3', [4], 6),
      weight('w4', [3, 4, 2, 2], 7),
      weight('b4', [3], 8),
    ],
    { y: ['N', 3, 4, 3] },
  ),
  'grouped and dilated convolutions with automatic pads': network(
    [2, 4, 8, 6],
    [
      node('Conv', ['x', 'w1'], ['c1'], [stringAttribute('auto_pad', 'SAME_UPPER'), strides(2, 2)]),
      node('Conv', ['c1', 'w2'], ['c2'], [intAttribute('group', 2), stringAttribute('auto_pad', 'SAME_LOWER')]),
      node('Conv', ['c2', 'w3'], ['y'], [intsAttribute('dilations', [2, 2]), pads(2, 2, 2, 2)]),
    ],
    [weight('w1', [6, 4, 3, 3], 1), weight('w2', [8, 3, 2, 2], 2), weight('w3', [5, 8, 3, 3], 3)],
    { y: ['N', 5, 4, 3] },
  ),
  'one spatial axis': network(
    [2, 4, 10],
    [
      node('Conv', ['x', 'w1', 'b1'], ['c1'], [pads(1, 1)]),
      node('MaxPool', ['c1'], ['m'], [kernel(2), strides(2)]),
      node('Conv', ['m', 'w2', 'b2'], ['y'], [pads(1, 1)]),
    ],
    [weight('w1', [6, 4, 3], 1), weight('b1', [6], 2), weight('w2', [5, 6, 3], 3), weight('b2', [5], 4)],
    { y: ['N', 5, 5] },
  ),
  'matrix products with three axes': network(
    [2, 3, 8],
    [node('MatMul', ['x', 'w1'], ['a']), node('Sigmoid', ['a'], ['s']), node('MatMul', ['s', 'w2'], ['y'])],
    [weight('w1', [8, 6], 1), weight('w2', [6, 5], 2)],
    { y: ['N', 3, 5] },
  ),
  'Gemm with transposed weights': network(
    [4, 8],
    [node('Gemm', ['x', 'w1', 'b1'], ['a'], [intAttribute('transB', 1)]), node('Gemm', ['a', 'w2', 'b2'], ['y'])],
    [weight('w1', [6, 8], 1), weight('b1', [6], 2), weight('w2', [6, 5], 3), weight('b2', [5], 4)],
    { y: ['N', 5] },
  ),
  MaxPool: between([node('MaxPool', ['a'], ['m'], [kernel(3, 3), strides(2, 2), pads(1, 1, 1, 1)])], [], 6, [4, 3]),
  AveragePool: between([node('AveragePool', ['a'], ['m'], [kernel(3, 3), pads(1, 1, 1, 1)])], [], 6, [8, 6]),
  'AveragePool that counts its padding': between(
    [node('AveragePool', ['a'], ['m'], [kernel(3, 3), pads(1, 1, 1, 1), intAttribute('count_include_pad', 1)])],
    [],
    6,
    [8, 6],
  ),
  'Mul and Add of a constant per channel': between(
    [node('Mul', ['a', 'k'], ['p']), node('Add', ['p', 'k'], ['m'])],
    [weight('k', [6, 1, 1], 9)],
    6,
    [8, 6],
  ),
  'a channel scaled by a pooled branch': between(
    [
      node('GlobalAveragePool', ['a'], ['g']),
      node('Conv', ['g', 'w3', 'b3'], ['h']),
      node('Sigmoid', ['h'], ['e']),
      node('Mul', ['a', 'e'], ['m']),
    ],
    [weight('w3', [6, 6, 1, 1], 5), weight('b3', [6], 6)],
    6,
    [8, 6],
  ),
  'Concat of two grids': between(
    [node('Sigmoid', ['a'], ['s']), node('Concat', ['a', 's'], ['m'], [intAttribute('axis', 1)])],
    [],
    12,
    [8, 6],
  ),
  'Split, LeakyRelu and Concat': between(
    [
      node('Split', ['a', 'sizes'], ['l', 'r'], [intAttribute('axis', 1)]),
      node('LeakyRelu', ['l'], ['n'], [floatAttribute('alpha', 0.2)]),
      node('Concat', ['n', 'r'], ['m'], [intAttribute('axis', 1)]),
    ],
    [int64('sizes', [2, 4])],
    6,
    [8, 6],
  ),
  'Slice with steps': between(
    [node('Slice', ['a', 'from', 'to', 'axes', 'steps'], ['m'])],
    [int64('from', [0, -1]), int64('to', [100, -100]), int64('axes', [2, 3]), int64('steps', [2, -1])],
    6,
    [4, 6],
  ),
  'Pad in real numbers between codes': between(
    [node('Pad', ['a', 'ends'], ['m'])],
    [int64('ends', [0, 1, 0, 2, 0, 1, 1, 0])],
    8,
    [9, 8],
  ),
  'Transpose, Reshape and back': between(
    [
      node('Transpose', ['a'], ['t'], [intsAttribute('perm', [0, 2, 3, 1])]),
      node('Reshape', ['t', 'flat'], ['f']),
      node('Reshape', ['f', 'image'], ['i']),
      node('Transpose', ['i'], ['m'], [intsAttribute('perm', [0, 3, 1, 2])]),
    ],
    [int64('flat', [0, -1]), int64('image', [-1, 8, 6, 6])],
    6,
    [8, 6],
  ),
  'Resize by copies': between(
    [
      node(
        'Resize',
        ['a', '', 'scales'],
        ['m'],
        [
          stringAttribute('mode', 'nearest'),
          stringAttribute('coordinate_transformation_mode', 'asymmetric'),
          stringAttribute('nearest_mode', 'floor'),
        ],
      ),
    ],
    [tensorFromArray('scales', DataType.FLOAT, [4], Float32Array.of(1, 1, 2, 2))],
    6,
    [16, 12],
  ),
  'real functions between codes': between(
    [
      node('Tanh', ['a'], ['t']),
      node('Exp', ['t'], ['e']),
      node('Sub', ['e', 'k'], ['s']),
      node('Div', ['s', 'k'], ['m']),
    ],
    [bound('k', 0.75)],
    6,
    [8, 6],
  ),
};
