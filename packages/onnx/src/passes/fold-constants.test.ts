import { describe, expect, it } from 'vitest';
import { type InputSizes, int64s, noise, op, operators, smallModel } from '../../test/small-graph';
import {
  floatAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  tensorAttribute,
} from '../attribute/build-attribute';
import type { Attribute, Model, Node, Tensor } from '../message/types';
import { DataType } from '../tensor/data-type';
import { tensorFromArray } from '../tensor/tensor-from-array';
import { tensorToArray } from '../tensor/tensor-to-array';
import { eliminateDeadCode } from './eliminate-dead-code';
import { foldConstants } from './fold-constants';

const { FLOAT, INT32, INT64, BOOL, FLOAT16, INT8 } = DataType;
const floats = (name: string, values: number[], dims = [values.length]): Tensor =>
  tensorFromArray(name, FLOAT, dims, Float32Array.from(values));
const int32s = (name: string, values: number[]): Tensor =>
  tensorFromArray(name, INT32, [values.length], Int32Array.from(values));
const bools = (name: string, values: number[]): Tensor =>
  tensorFromArray(name, BOOL, [values.length], Uint8Array.from(values));

/** Folds one operator on constants and returns its first result, or undefined when the node stayed. */
const fold = (
  opType: string,
  inputs: Tensor[],
  attributes: Attribute[] = [],
  opset = 17,
): { dims: number[]; data: unknown; dataType: number } | undefined => {
  const node = op(
    opType,
    inputs.map((tensor) => tensor.name),
    ['k'],
    attributes,
  );
  const { model } = foldConstants.run(smallModel([node, op('Identity', ['k'], ['y'])], {}, inputs, { opset }));
  const result = model.graph?.initializer.find((tensor) => tensor.name === 'k');
  return result && { dims: result.dims.map(Number), data: tensorToArray(result), dataType: result.dataType };
};
const i64 = (...values: number[]): BigInt64Array => BigInt64Array.from(values.map(BigInt));

describe('foldConstants on constants', () => {
  const a = int64s('a', [1, 2, 3, 4, 5, 6], [2, 3]);
  const cases: [string, Tensor[], Attribute[], number[], unknown][] = [
    ['Shape', [a], [], [2], i64(2, 3)],
    ['Size', [a], [], [], i64(6)],
    ['Gather', [a, int64s('i', [-1, 0])], [intAttribute('axis', 1)], [2, 2], i64(3, 1, 6, 4)],
    ['Unsqueeze', [a, int64s('ax', [0, 3])], [], [1, 2, 3, 1], i64(1, 2, 3, 4, 5, 6)],
    ['Squeeze', [int64s('b', [7], [1, 1]), int64s('ax', [0])], [], [1], i64(7)],
    ['Reshape', [a, int64s('to', [3, -1])], [], [3, 2], i64(1, 2, 3, 4, 5, 6)],
    ['Flatten', [a], [intAttribute('axis', 0)], [1, 6], i64(1, 2, 3, 4, 5, 6)],
    ['Transpose', [a], [], [3, 2], i64(1, 4, 2, 5, 3, 6)],
    [
      'Slice',
      [a, int64s('s', [-1]), int64s('e', [-100]), int64s('ax', [1]), int64s('st', [-2])],
      [],
      [2, 2],
      i64(3, 1, 6, 4),
    ],
    ['Concat', [a, int64s('b', [8, 9], [2, 1])], [intAttribute('axis', 1)], [2, 4], i64(1, 2, 3, 8, 4, 5, 6, 9)],
    ['Expand', [int64s('b', [8, 9], [2, 1]), int64s('to', [1, 3])], [], [2, 3], i64(8, 8, 8, 9, 9, 9)],
    ['Tile', [int64s('b', [8, 9]), int64s('n', [2])], [], [4], i64(8, 9, 8, 9)],
    ['Pad', [int64s('b', [8, 9]), int64s('p', [1, 2]), int64s('v', [5], [])], [], [5], i64(5, 8, 9, 5, 5)],
    ['Where', [bools('c', [1, 0]), int64s('b', [8], [1]), int64s('d', [1, 2])], [], [2], i64(8, 2)],
    ['Range', [int64s('s', [2], []), int64s('e', [9], []), int64s('d', [3], [])], [], [3], i64(2, 5, 8)],
    ['ConstantOfShape', [int64s('n', [2, 2])], [tensorAttribute('value', int64s('v', [7]))], [2, 2], i64(7, 7, 7, 7)],
    ['Add', [a, int64s('b', [10, 20, 30])], [], [2, 3], i64(11, 22, 33, 14, 25, 36)],
    ['Sub', [int64s('b', [1]), int64s('c', [3])], [], [1], i64(-2)],
    ['Div', [int64s('b', [-7, 7]), int64s('c', [2])], [], [2], i64(-3, 3)],
    ['Max', [int64s('b', [1, 5]), int64s('c', [3])], [], [2], i64(3, 5)],
    ['Neg', [int64s('b', [1, -5])], [], [2], i64(-1, 5)],
    ['Mul', [int32s('b', [65_537, -3]), int32s('c', [65_537, 3])], [], [2], Int32Array.of(131_073, -9)],
    ['Equal', [int64s('b', [1, 5]), int64s('c', [5])], [], [2], Uint8Array.of(0, 1)],
    ['Less', [floats('b', [1, 5]), floats('c', [3])], [], [2], Uint8Array.of(1, 0)],
    ['And', [bools('b', [1, 1]), bools('c', [0, 1])], [], [2], Uint8Array.of(0, 1)],
    ['Not', [bools('b', [1, 0])], [], [2], Uint8Array.of(0, 1)],
    ['Cast', [floats('b', [1.9, -1.9])], [intAttribute('to', INT64)], [2], i64(1, -1)],
    ['Cast', [floats('b', [0, 0.5])], [intAttribute('to', BOOL)], [2], Uint8Array.of(0, 1)],
    [
      'Cast',
      [tensorFromArray('h', FLOAT16, [1], Uint16Array.of(0x3e00))],
      [intAttribute('to', FLOAT)],
      [1],
      Float32Array.of(1.5),
    ],
    ['Sqrt', [floats('b', [2])], [], [1], Float32Array.of(Math.fround(Math.sqrt(2)))],
  ];
  for (const [opType, inputs, attributes, dims, data] of cases) {
    it(`folds ${opType} to [${String(data).slice(0, 30)}]`, () => {
      expect(fold(opType, inputs, attributes)).toMatchObject({ dims, data });
    });
  }

  it('rounds float32 arithmetic as float32', () => {
    const third = Math.fround(1 / 3);
    expect(fold('Div', [floats('a', [1]), floats('b', [3])])?.data).toEqual(Float32Array.of(third));
    expect(fold('Add', [floats('a', [2 ** 24]), floats('b', [1])])?.data).toEqual(Float32Array.of(2 ** 24));
  });

  it('wraps int64 sums as the runtime does', () => {
    const largest = tensorFromArray('a', INT64, [1], BigInt64Array.of(2n ** 63n - 1n));
    expect(fold('Add', [largest, int64s('b', [1])])?.data).toEqual(BigInt64Array.of(-(2n ** 63n)));
  });

  it('folds each part of a Split', () => {
    const nodes = [
      op('Split', ['a'], ['p', 'q'], [intAttribute('axis', 0)]),
      op('Sub', ['p', 'q'], ['d']),
      op('Add', ['x', 'd'], ['y']),
    ];
    const { model } = foldConstants.run(smallModel(nodes, { x: [1] }, [floats('a', [5, 3])]));
    expect(operators(model)).toEqual(['Add']);
    expect(tensorToArray(model.graph?.initializer.at(-1) as Tensor)).toEqual(Float32Array.of(2));
  });

  const kept: [string, string, Tensor[], Attribute[]][] = [
    ['integer division by zero', 'Div', [int64s('a', [1]), int64s('b', [0])], []],
    ['a cast out of range', 'Cast', [floats('a', [300])], [intAttribute('to', INT8)]],
    ['a cast of NaN to an integer', 'Cast', [floats('a', [Number.NaN])], [intAttribute('to', INT64)]],
    ['a gather outside the axis', 'Gather', [int64s('a', [1, 2]), int64s('i', [2])], []],
    ['Pad by reflection', 'Pad', [int64s('a', [1, 2]), int64s('p', [1, 0])], [stringAttribute('mode', 'reflect')]],
    ['quantization', 'DequantizeLinear', [tensorFromArray('a', INT8, [1], Int8Array.of(1)), floats('s', [1], [])], []],
    ['random numbers', 'RandomNormal', [], [intsAttribute('shape', [2])]],
    ['what it has no rule for', 'Exp', [floats('a', [1])], []],
  ];
  for (const [title, opType, inputs, attributes] of kept) {
    it(`does not fold ${title}`, () => {
      expect(fold(opType, inputs, attributes)).toBeUndefined();
    });
  }

  it('does not fold values that callers may override, or model outputs', () => {
    const nodes = [op('Neg', ['w'], ['n']), op('Add', ['x', 'n'], ['y'])];
    const model = smallModel(nodes, { x: [1], w: [1] }, [floats('w', [1])]);
    expect(foldConstants.run(model).changes).toEqual([]);
    expect(foldConstants.run(smallModel([op('Neg', ['w'], ['y'])], {}, [floats('w', [1])])).changes).toEqual([]);
  });

  it('keeps a result that would blow up the file, unless it replaces as much', () => {
    const big = smallModel([op('ConstantOfShape', ['n'], ['k']), op('Add', ['x', 'k'], ['y'])], { x: [1] }, [
      int64s('n', [200, 200]),
    ]);
    expect(foldConstants.run(big).changes).toEqual([]);
    expect(foldConstants.run(big, { maxBytes: 160_000 }).changes).toEqual([
      'folded ConstantOfShape "ConstantOfShape_k"',
    ]);
    const moved = smallModel([op('Transpose', ['w'], ['k']), op('MatMul', ['x', 'k'], ['y'])], { x: [1, 200] }, [
      noise('w', [200, 200]),
    ]);
    expect(operators(foldConstants.run(moved).model)).toEqual(['MatMul']);
  });
});

describe('foldConstants on shape computations', () => {
  const view = (nodes: Node[], inputs: InputSizes, constants: Tensor[] = []): Model => {
    const { model } = foldConstants.run(smallModel(nodes, inputs, constants));
    return eliminateDeadCode.run(model).model;
  };
  const lastTarget = (model: Model): number[] | undefined => {
    const name = model.graph?.node.at(-1)?.input[1];
    const tensor = model.graph?.initializer.find((each) => each.name === name);
    return tensor && Array.from(tensorToArray(tensor) as BigInt64Array, Number);
  };
  /** Shape(x)[axis] as a vector of one. */
  const sizeOf = (input: string, axis: number, output: string): [Node[], Tensor[]] => [
    [op('Shape', [input], [`${output}_shape`]), op('Gather', [`${output}_shape`, `${output}_axis`], [output])],
    [int64s(`${output}_axis`, [axis])],
  ];

  it('turns the size of a fixed axis into a constant although the batch is open', () => {
    const [nodes, constants] = sizeOf('x', 1, 'n');
    const model = view(
      [...nodes, op('Cast', ['n'], ['f'], [intAttribute('to', FLOAT)]), op('Mul', ['x', 'f'], ['y'])],
      { x: ['N', 3] },
      constants,
    );
    expect(operators(model)).toEqual(['Mul']);
  });

  it('lets Reshape copy the open batch and drops the chain that computed it', () => {
    const [nodes, constants] = sizeOf('x', 0, 'n');
    const model = view(
      [...nodes, op('Concat', ['n', 'rest'], ['to'], [intAttribute('axis', 0)]), op('Reshape', ['x', 'to'], ['y'])],
      { x: ['N', 4, 6] },
      [...constants, int64s('rest', [24])],
    );
    expect(operators(model)).toEqual(['Reshape']);
    expect(lastTarget(model)).toEqual([0, 24]);
  });

  it('writes -1 for one size that it cannot name', () => {
    const [nodes, constants] = sizeOf('x', 0, 'n');
    const scaled = [op('Mul', ['n', 'two'], ['m']), op('Concat', ['m', 'rest'], ['to'], [intAttribute('axis', 0)])];
    const model = view([...nodes, ...scaled, op('Reshape', ['x', 'to'], ['y'])], { x: ['N', 4, 6] }, [
      ...constants,
      int64s('two', [2]),
      int64s('rest', [12]),
    ]);
    expect(lastTarget(model)).toEqual([-1, 12]);
  });

  it('keeps a chain when two sizes are open in new places', () => {
    const [n, nConstants] = sizeOf('x', 0, 'n');
    const [t, tConstants] = sizeOf('x', 1, 't');
    const model = view(
      [
        ...n,
        ...t,
        op('Concat', ['t', 'n', 'rest'], ['to'], [intAttribute('axis', 0)]),
        op('Reshape', ['x', 'to'], ['y']),
      ],
      { x: ['N', 'T', 6] },
      [...nConstants, ...tConstants, int64s('rest', [6])],
    );
    expect(operators(model)).toContain('Shape');
  });

  it('keeps a fixed part next to an open one: pads computed from a rank', () => {
    const [nodes, constants] = sizeOf('x', 2, 'w');
    const model = view(
      [
        ...nodes,
        op('Div', ['w', 'two'], ['h']),
        op('Concat', ['z', 'h'], ['p'], [intAttribute('axis', 0)]),
        op('Pad', ['x', 'p'], ['y']),
      ],
      { x: ['N', 3, 8] },
      [...constants, int64s('two', [2]), int64s('z', [0, 0, 0, 0, 0])],
    );
    expect(operators(model)).toEqual(['Pad']);
    expect(lastTarget(model)).toEqual([0, 0, 0, 0, 0, 4]);
  });

  it('lets Expand keep an open size that its input has already', () => {
    const [nodes, constants] = sizeOf('x', 0, 'n');
    const model = view(
      [...nodes, op('Concat', ['n', 'rest'], ['to'], [intAttribute('axis', 0)]), op('Expand', ['x', 'to'], ['y'])],
      { x: ['N', 1] },
      [...constants, int64s('rest', [5])],
    );
    expect(operators(model)).toEqual(['Expand']);
    expect(lastTarget(model)).toEqual([1, 5]);
  });

  it('answers "is this size -1" for an open size, as exporters ask around Expand', () => {
    const nodes = [
      op('Shape', ['x'], ['s']),
      op('Equal', ['s', 'minus'], ['e']),
      op('Where', ['e', 'ones', 's'], ['to']),
      op('Expand', ['x', 'to'], ['k']),
      op('Relu', ['k'], ['y']),
    ];
    const { model } = foldConstants.run(
      smallModel(nodes, { x: ['N', 4] }, [int64s('minus', [-1, -1]), int64s('ones', [1, 1])]),
    );
    const left = eliminateDeadCode.run(model).model;
    expect(operators(left)).toEqual(['Expand', 'Relu']);
  });

  it('does nothing without anything to fold', () => {
    const model = smallModel([op('LeakyRelu', ['x'], ['y'], [floatAttribute('alpha', 0.1)])], { x: ['N', 4] });
    expect(foldConstants.run(model)).toEqual({ model, changes: [] });
  });
});
