import { describe, expect, it } from 'vitest';
import { noise, op, operators, smallModel } from '../../test/small-graph';
import { floatAttribute, intAttribute } from '../attribute/build-attribute';
import { DataType } from '../tensor/data-type';
import { tensorFromArray } from '../tensor/tensor-from-array';
import { removeIdentity } from './remove-identity';

const flag = (value: number) => tensorFromArray('training', DataType.BOOL, [], Uint8Array.of(value));

describe('removeIdentity', () => {
  it('removes Identity and keeps the names of model outputs', () => {
    const { model, changes } = removeIdentity.run(
      smallModel([op('Identity', ['x'], ['a']), op('Relu', ['a'], ['b']), op('Identity', ['b'], ['y'])], { x: [1] }),
    );
    expect(operators(model)).toEqual(['Relu']);
    expect(model.graph?.node[0]?.input).toEqual(['x']);
    expect(model.graph?.node[0]?.output).toEqual(['y']);
    expect(changes).toEqual(['removed Identity "Identity_a"', 'removed Identity "Identity_y"']);
  });

  it('keeps an Identity between a model input and a model output', () => {
    const model = smallModel([op('Identity', ['x'], ['y'])], { x: [1] });
    expect(removeIdentity.run(model)).toEqual({ model, changes: [] });
  });

  it('removes Dropout that does not train', () => {
    const ratio = noise('ratio', []);
    const nodes = [op('Dropout', ['x', 'ratio', 'training'], ['d']), op('Relu', ['d'], ['y'])];
    expect(operators(removeIdentity.run(smallModel(nodes, { x: [1] }, [ratio, flag(0)])).model)).toEqual(['Relu']);
    const older = smallModel(
      [op('Dropout', ['x'], ['d'], [floatAttribute('ratio', 0.5)]), op('Relu', ['d'], ['y'])],
      { x: [1] },
      [],
      { opset: 10 },
    );
    expect(operators(removeIdentity.run(older).model)).toEqual(['Relu']);
    const tested = smallModel(
      [op('Dropout', ['x'], ['d'], [intAttribute('is_test', 1)]), op('Relu', ['d'], ['y'])],
      { x: [1] },
      [],
      { opset: 6 },
    );
    expect(operators(removeIdentity.run(tested).model)).toEqual(['Relu']);
  });

  it('keeps Dropout that trains, may train, or whose mask is read', () => {
    const trains = smallModel([op('Dropout', ['x', '', 'training'], ['d']), op('Relu', ['d'], ['y'])], { x: [1] }, [
      flag(1),
    ]);
    const mayTrain = smallModel([op('Dropout', ['x', '', 't'], ['d']), op('Relu', ['d'], ['y'])], { x: [1], t: [] });
    const older = smallModel([op('Dropout', ['x'], ['d']), op('Relu', ['d'], ['y'])], { x: [1] }, [], { opset: 6 });
    const masked = smallModel([op('Dropout', ['x'], ['d', 'm']), op('Relu', ['d'], ['y'])], { x: [1] }, [], {
      outputs: ['y', 'm'],
    });
    for (const model of [trains, mayTrain, older, masked]) expect(removeIdentity.run(model).changes).toEqual([]);
  });

  it('leaves nodes of other domains alone', () => {
    const node = op('Identity', ['x'], ['a']);
    node.domain = 'my.domain';
    expect(removeIdentity.run(smallModel([node, op('Relu', ['a'], ['y'])], { x: [1] })).changes).toEqual([]);
  });
});
