import { describe, expect, it } from 'vitest';
import { int64s, noise, op, smallModel } from '../../test/small-graph';
import { graphAttribute, intAttribute, intsAttribute } from '../attribute/build-attribute';
import { createGraph, createValueInfo } from '../message/create';
import { DataType } from '../tensor/data-type';
import { inferShapes } from './infer-shapes';

const conv = (inputs = { x: ['N', 3, 'H', 'W'] as (string | number)[] }) =>
  smallModel(
    [
      op('Conv', ['x', 'w'], ['c'], [intsAttribute('pads', [1, 1, 1, 1]), intsAttribute('strides', [2, 2])]),
      op('Relu', ['c'], ['y']),
    ],
    inputs,
    [noise('w', [8, 3, 3, 3])],
  );

describe('inferShapes', () => {
  it('keeps names for open sizes and spells out what is computed from them', () => {
    const shapes = inferShapes(conv());
    expect(shapes.get('y')).toEqual({
      dataType: DataType.FLOAT,
      dims: ['N', 8, '(floor((H-1)/2)+1)', '(floor((W-1)/2)+1)'],
    });
    expect(shapes.get('w')?.dims).toEqual([8, 3, 3, 3]);
  });

  it('takes sizes for the inputs', () => {
    expect(inferShapes(conv(), { shapes: { x: [2, 3, 224, 112] } }).get('y')?.dims).toEqual([2, 8, 112, 56]);
    expect(inferShapes(conv(), { shapes: { x: ['B', 3, 4, 4] } }).get('y')?.dims).toEqual(['B', 8, 2, 2]);
  });

  it('gives one name the same number in every input', () => {
    const model = smallModel([op('Add', ['x', 'b'], ['y'])], { x: ['N', 4], b: ['N', 1] });
    expect(inferShapes(model, { shapes: { x: [5, 4] } }).get('b')?.dims).toEqual([5, 1]);
    expect(() => inferShapes(model, { shapes: { x: [5, 4], b: [6, 1] } })).toThrow(
      /"b" to agree with \[N,1\], received \[6,1\].*"x" sets N = 5/,
    );
  });

  it('refuses sizes that contradict the model, with both shapes', () => {
    expect(() => inferShapes(conv(), { shapes: { x: [1, 4, 8, 8] } })).toThrow(
      /"x" to agree with \[N,3,H,W\], received \[1,4,8,8\]. Axis 1 is fixed/,
    );
    expect(() => inferShapes(conv(), { shapes: { x: [1, 3, 8] } })).toThrow(/ranks differ/);
    expect(() => inferShapes(conv(), { shapes: { image: [1] } })).toThrow(
      /one of the model inputs "x", received shape \[1\] for "image"/,
    );
  });

  it('leaves unknown operators out, or as declared, and never fails because of them', () => {
    const node = op('Mystery', ['x'], ['m']);
    node.domain = 'my.domain';
    const model = smallModel([node, op('Relu', ['m'], ['y'])], { x: ['N', 4] });
    expect(inferShapes(model).has('m')).toBe(false);
    expect(inferShapes(model).get('y')).toEqual({ dataType: DataType.FLOAT, dims: undefined });
    model.graph?.valueInfo.push(createValueInfo('m', DataType.FLOAT, ['N', 7]));
    expect(inferShapes(model).get('y')?.dims).toEqual(['N', 7]);
    expect(inferShapes(model, { shapes: { x: [1, 4] } }).has('m')).toBe(false);
  });

  it('says undefined for sizes without a name', () => {
    const model = smallModel([op('Relu', ['x'], ['y'])], {});
    model.graph?.input.push(createValueInfo('x', DataType.FLOAT, [undefined, 4]));
    expect(inferShapes(model).get('y')?.dims).toEqual([undefined, 4]);
  });

  it('follows unnamed sizes through Reshape', () => {
    const model = smallModel([op('Reshape', ['x', 's'], ['y'])], {}, [int64s('s', [0, -1])]);
    model.graph?.input.push(createValueInfo('x', DataType.FLOAT, [undefined, 4, 6]));
    expect(inferShapes(model).get('y')?.dims).toEqual([undefined, 24]);
  });

  it('joins the branches of If and sees values captured by them', () => {
    const branch = (name: string, count: number) =>
      createGraph({
        name,
        nodes: [op('Concat', new Array<string>(count).fill('x'), [`${name}_out`], [intAttribute('axis', 0)])],
        inputs: [],
        outputs: [createValueInfo(`${name}_out`, DataType.FLOAT)],
      });
    const choose = op(
      'If',
      ['c'],
      ['y'],
      [graphAttribute('then_branch', branch('then', 1)), graphAttribute('else_branch', branch('else', 2))],
    );
    const model = smallModel([choose], { x: [3, 4], c: [] }, [], { types: { c: DataType.BOOL } });
    expect(inferShapes(model).get('y')?.dims).toEqual([undefined, 4]);
  });

  it('sorts nodes itself and refuses cycles', () => {
    const model = smallModel([op('Relu', ['a'], ['y']), op('Neg', ['x'], ['a'])], { x: [2] });
    expect(inferShapes(model).get('y')?.dims).toEqual([2]);
  });
});
