import { describe, expect, it } from 'vitest';
import { int64s, noise, op, smallModel } from '../../test/small-graph';
import { AttributeType } from '../attribute/attribute-type';
import {
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  stringsAttribute,
  tensorAttribute,
} from '../attribute/build-attribute';
import { createMessage } from '../index';
import { AttributeSchema, SparseTensorSchema } from '../message/schemas';
import type { Attribute, Tensor } from '../message/types';
import { tensorToArray, tensorToStrings } from '../tensor/tensor-to-array';
import { constantToInitializer } from './constant-to-initializer';

const convert = (attribute: Attribute): Tensor | undefined => {
  const { model } = constantToInitializer.run(
    smallModel([op('Constant', [], ['k'], [attribute]), op('Add', ['x', 'k'], ['y'])], { x: [1] }),
  );
  expect(model.graph?.node.map((node) => node.opType)).toEqual(['Add']);
  return model.graph?.initializer[0];
};
const contents = (tensor: Tensor | undefined): unknown =>
  tensor === undefined
    ? undefined
    : { name: tensor.name, type: tensor.dataType, dims: tensor.dims, data: tensorToArray(tensor) };

const sparse = (indices: Tensor): Attribute =>
  createMessage(AttributeSchema, {
    name: 'sparse_value',
    type: AttributeType.SPARSE_TENSOR,
    sparseTensor: createMessage(SparseTensorSchema, { values: int64s('', [7, 9]), indices, dims: [2n, 3n] }),
  });

describe('constantToInitializer', () => {
  it('shares the payload of a dense constant', () => {
    const value = noise('inside', [2, 2]);
    const tensor = convert(tensorAttribute('value', value));
    expect(tensor?.name).toBe('k');
    expect(tensor?.rawData).toBe(value.rawData);
  });

  it('converts single numbers and lists', () => {
    expect(contents(convert(floatAttribute('value_float', 1.5)))).toEqual({
      name: 'k',
      type: 1,
      dims: [],
      data: Float32Array.of(1.5),
    });
    expect(contents(convert(floatsAttribute('value_floats', [1, 2])))).toEqual({
      name: 'k',
      type: 1,
      dims: [2n],
      data: Float32Array.of(1, 2),
    });
    const largest = 2n ** 63n - 1n;
    expect(contents(convert(intAttribute('value_int', largest)))).toEqual({
      name: 'k',
      type: 7,
      dims: [],
      data: BigInt64Array.of(largest),
    });
    expect(contents(convert(intsAttribute('value_ints', [3, -4])))).toEqual({
      name: 'k',
      type: 7,
      dims: [2n],
      data: BigInt64Array.of(3n, -4n),
    });
  });

  it('converts text', () => {
    expect(tensorToStrings(convert(stringAttribute('value_string', 'ä')) as Tensor)).toEqual(['ä']);
    expect(tensorToStrings(convert(stringsAttribute('value_strings', ['a', 'b'])) as Tensor)).toEqual(['a', 'b']);
  });

  it('writes sparse constants out densely, from flat positions and from coordinates', () => {
    // Positions 1 and 5 of a 2×3 tensor are the coordinates (0,1) and (1,2).
    const dense = BigInt64Array.of(0n, 7n, 0n, 0n, 0n, 9n);
    for (const indices of [int64s('', [1, 5]), int64s('', [0, 1, 1, 2], [2, 2])]) {
      expect(contents(convert(sparse(indices)))).toEqual({ name: 'k', type: 7, dims: [2n, 3n], data: dense });
    }
  });

  it('keeps a constant that is a model output', () => {
    const model = smallModel([op('Constant', [], ['y'], [floatAttribute('value_float', 1)])], {});
    expect(constantToInitializer.run(model)).toEqual({ model, changes: [] });
  });
});
