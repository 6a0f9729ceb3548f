import { describe, expect, it } from 'vitest';
import { int64s, noise, op, operators, smallModel } from '../../test/small-graph';
import { floatAttribute, intsAttribute, stringAttribute } from '../attribute/build-attribute';
import { getInts } from '../attribute/read-attribute';
import type { Attribute, Model, Node, Tensor } from '../message/types';
import { foldPad } from './fold-pad';

const x = { x: [1, 3, 8, 8] };
const w = noise('w', [4, 3, 3, 3]);
const value = (v: number): Tensor => {
  const tensor = noise('v', []);
  tensor.rawData = new Uint8Array(Float32Array.of(v).buffer);
  return tensor;
};
const model = (
  pads: number[],
  conv: Attribute[] = [],
  inputs = ['x', 'p'],
  extra: Tensor[] = [],
  more: Node[] = [],
): Model =>
  smallModel([op('Pad', inputs, ['a']), op('Conv', ['a', 'w'], ['y'], conv), ...more], x, [
    w,
    int64s('p', pads),
    ...extra,
  ]);
const padsOf = (result: Model): number[] | undefined => {
  const node = result.graph?.node.at(-1);
  return node && getInts(node, 'pads');
};

describe('foldPad', () => {
  it('moves zero padding into the convolution and adds to its own', () => {
    const { model: result } = foldPad.run(model([0, 0, 1, 2, 0, 0, 3, 4], [intsAttribute('pads', [1, 0, 0, 1])]));
    expect(operators(result)).toEqual(['Conv']);
    expect(result.graph?.node[0]?.input).toEqual(['x', 'w']);
    expect(padsOf(result)).toEqual([2, 2, 3, 5]);
  });

  it('understands VALID and attribute pads of older models', () => {
    expect(padsOf(foldPad.run(model([0, 0, 1, 1, 0, 0, 1, 1], [stringAttribute('auto_pad', 'VALID')])).model)).toEqual([
      1, 1, 1, 1,
    ]);
    const pad = op('Pad', ['x'], ['a'], [intsAttribute('pads', [0, 0, 1, 1, 0, 0, 1, 1]), floatAttribute('value', 0)]);
    const older = smallModel([pad, op('Conv', ['a', 'w'], ['y'])], x, [w], { opset: 10 });
    expect(padsOf(foldPad.run(older).model)).toEqual([1, 1, 1, 1]);
  });

  const pads = [0, 0, 1, 1, 0, 0, 1, 1];
  const kept: [string, Model][] = [
    ['it pads with another value', model(pads, [], ['x', 'p', 'v'], [value(1)])],
    ['it pads channels', model([0, 1, 1, 1, 0, 0, 1, 1])],
    ['it crops', model([0, 0, -1, 1, 0, 0, 1, 1])],
    ['the convolution pads automatically', model(pads, [stringAttribute('auto_pad', 'SAME_UPPER')])],
    ['something else reads the padded value', model(pads, [], ['x', 'p'], [], [op('Relu', ['a'], ['r'])])],
    [
      'the padded value is the weight',
      smallModel([op('Pad', ['k', 'p'], ['a']), op('Conv', ['x', 'a'], ['y'])], { ...x, k: [4, 3, 1, 1] }, [
        int64s('p', pads),
      ]),
    ],
  ];
  for (const [title, each] of kept) {
    it(`leaves Pad alone when ${title}`, () => {
      expect(foldPad.run(each)).toEqual({ model: each, changes: [] });
    });
  }
});
