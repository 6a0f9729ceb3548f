import { describe, expect, it } from 'vitest';
import { int64s, noise, op, operators, smallModel } from '../../test/small-graph';
import { intAttribute, intsAttribute } from '../attribute/build-attribute';
import { createValueInfo } from '../message/create';
import { DataType } from '../tensor/data-type';
import { deduplicateInitializers } from './deduplicate-initializers';
import { eliminateDeadCode } from './eliminate-dead-code';
import { nameNodes } from './name-nodes';
import { reduceMeanToGlobalAveragePool } from './reduce-mean-to-global-average-pool';
import { removeInitializersFromInputs } from './remove-initializers-from-inputs';
import { removeNoOps } from './remove-no-ops';

const image = { x: ['N', 3, 8, 8] };

describe('removeInitializersFromInputs', () => {
  it('leaves only what a caller must feed among the inputs', () => {
    const model = smallModel([op('Add', ['x', 'w'], ['y'])], { x: [1], w: [1] }, [noise('w', [1])]);
    const { model: result, changes } = removeInitializersFromInputs.run(model);
    expect(result.graph?.input.map((info) => info.name)).toEqual(['x']);
    expect(changes).toEqual(['initializer "w" is no longer a graph input']);
    expect(model.graph?.input.length).toBe(2);
  });
});

describe('deduplicateInitializers', () => {
  it('merges tensors of equal type, shape and content, and only those', () => {
    const twin = noise('a', [2]);
    const [b, c, d] = ['b', 'c', 'd'].map((name) => ({ ...noise('a', [2]), name }));
    const model = smallModel([op('Sum', ['x', 'a', 'b', 'c', 'd', 'e'], ['y'])], { x: [2] }, [twin]);
    for (const tensor of [b, c, d])
      if (tensor !== undefined)
        model.graph?.initializer.push(Object.assign(noise('z', [2]), { name: tensor.name, rawData: tensor.rawData }));
    model.graph?.initializer.push(noise('e', [2]));
    const shaped = model.graph?.initializer[3];
    if (shaped !== undefined) shaped.dims = [1n, 2n];
    const { model: result } = deduplicateInitializers.run(model);
    expect(result.graph?.initializer.map((tensor) => tensor.name)).toEqual(['a', 'd', 'e']);
    expect(result.graph?.node[0]?.input).toEqual(['x', 'a', 'a', 'a', 'd', 'e']);
  });

  it('leaves initializers alone that are model outputs or may be overridden', () => {
    const model = smallModel(
      [op('Sum', ['x', 'a', 'b'], ['s'])],
      { x: [1], b: [1] },
      [int64s('a', [1]), int64s('b', [1])],
      { outputs: ['s', 'a'] },
    );
    expect(deduplicateInitializers.run(model).changes).toEqual([]);
  });
});

describe('eliminateDeadCode', () => {
  it('removes nodes and initializers that no output needs, and keeps the inputs', () => {
    const nodes = [op('Relu', ['x'], ['y']), op('Neg', ['x'], ['a']), op('Add', ['a', 'w'], ['b'])];
    const { model, changes } = eliminateDeadCode.run(smallModel(nodes, { x: [1], unused: [1] }, [noise('w', [1])]));
    expect(operators(model)).toEqual(['Relu']);
    expect(model.graph?.initializer).toEqual([]);
    expect(model.graph?.input.length).toBe(2);
    expect(changes).toEqual([
      'removed unused Add "Add_b"',
      'removed unused Neg "Neg_a"',
      'removed unused initializer "w"',
    ]);
  });
});

describe('nameNodes', () => {
  it('names nameless nodes and renames repeated names', () => {
    const nodes = ['', 'n', 'n', ''].map((name, i) =>
      Object.assign(op('Relu', [i === 0 ? 'x' : `v${i}`], [i === 3 ? 'y' : `v${i + 1}`]), { name }),
    );
    const { model } = nameNodes.run(smallModel(nodes, { x: [1] }));
    expect(model.graph?.node.map((node) => node.name)).toEqual(['Relu', 'n', 'n_1', 'Relu_1']);
  });
});

describe('removeNoOps', () => {
  const relu = op('Relu', ['k'], ['y']);
  const gone: [string, ReturnType<typeof op>, ReturnType<typeof int64s>[]][] = [
    ['Reshape to the same shape', op('Reshape', ['x', 's'], ['k']), [int64s('s', [0, 3, -1, 8])]],
    ['Cast to the same type', op('Cast', ['x'], ['k'], [intAttribute('to', DataType.FLOAT)]), []],
    ['Transpose in order', op('Transpose', ['x'], ['k'], [intsAttribute('perm', [0, 1, 2, 3])]), []],
    ['Concat of one', op('Concat', ['x'], ['k'], [intAttribute('axis', 1)]), []],
    ['Pad by nothing', op('Pad', ['x', 'p'], ['k']), [int64s('p', [0, 0, 0, 0, 0, 0, 0, 0])]],
    ['Expand to ones', op('Expand', ['x', 's'], ['k']), [int64s('s', [1, 1])]],
    [
      'a full Slice',
      op('Slice', ['x', 's', 'e', 'a'], ['k']),
      [int64s('s', [0]), int64s('e', [2 ** 31]), int64s('a', [0])],
    ],
  ];
  for (const [title, node, constants] of gone) {
    it(`removes ${title}`, () => {
      expect(operators(removeNoOps.run(smallModel([node, relu], image, constants)).model)).toEqual(['Relu']);
    });
  }

  const kept: typeof gone = [
    [
      'a Slice that reverses',
      op('Slice', ['x', 's', 'e', 'a', 't'], ['k']),
      [int64s('s', [-1]), int64s('e', [-100]), int64s('a', [3]), int64s('t', [-1])],
    ],
    ['a Reshape between open sizes', op('Reshape', ['x', 's'], ['k']), [int64s('s', [-1, 8])]],
    ['a real Transpose', op('Transpose', ['x'], ['k'], [intsAttribute('perm', [0, 1, 3, 2])]), []],
    [
      'a Slice of an open axis to a number',
      op('Slice', ['x', 's', 'e', 'a'], ['k']),
      [int64s('s', [0]), int64s('e', [4]), int64s('a', [0])],
    ],
  ];
  for (const [title, node, constants] of kept) {
    it(`keeps ${title}`, () => {
      expect(removeNoOps.run(smallModel([node, relu], image, constants)).changes).toEqual([]);
    });
  }
});

describe('reduceMeanToGlobalAveragePool', () => {
  it('rewrites the mean over height and width, with and without kept axes', () => {
    const kept = smallModel([op('ReduceMean', ['x'], ['y'], [intsAttribute('axes', [-1, 2])])], image);
    expect(operators(reduceMeanToGlobalAveragePool.run(kept).model)).toEqual(['GlobalAveragePool']);
    const dropped = smallModel(
      [op('ReduceMean', ['x', 'a'], ['y'], [intAttribute('keepdims', 0)])],
      image,
      [int64s('a', [2, 3])],
      { opset: 18 },
    );
    expect(operators(reduceMeanToGlobalAveragePool.run(dropped).model)).toEqual(['GlobalAveragePool', 'Flatten']);
  });

  it('leaves other means alone: one axis, channels, three axes, unknown rank', () => {
    const mean = (axes: number[]) => [op('ReduceMean', ['x'], ['y'], [intsAttribute('axes', axes)])];
    const unknown = smallModel(mean([2, 3]), {});
    unknown.graph?.input.push(createValueInfo('x', DataType.FLOAT));
    const models = [
      smallModel(mean([2]), image),
      smallModel(mean([1, 2, 3]), image),
      smallModel(mean([2]), { x: [1, 2, 3] }),
      unknown,
    ];
    for (const model of models) expect(reduceMeanToGlobalAveragePool.run(model).changes).toEqual([]);
  });
});
