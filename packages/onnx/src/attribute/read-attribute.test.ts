import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../codec/decode-model';
import { encodeModel } from '../codec/encode-model';
import { AttributeProtoSchema } from '../generated/onnx_pb';
import { createGraph, createModel, createNode } from '../message/create';
import { DataType } from '../tensor/data-type';
import { tensorFromArray } from '../tensor/tensor-from-array';
import {
  floatAttribute,
  floatsAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  stringsAttribute,
  tensorAttribute,
} from './build-attribute';
import { getFloat, getFloats, getGraph, getInt, getInts, getString, getStrings, getTensor } from './read-attribute';

const body = createGraph({ name: 'body', nodes: [], inputs: [], outputs: [] });
const node = createNode({
  opType: 'Test',
  name: 'n',
  inputs: [],
  outputs: ['y'],
  attributes: [
    intAttribute('i', 0),
    intsAttribute('is', [1, -2n]),
    intsAttribute('none', []),
    floatAttribute('f', 0.5),
    floatsAttribute('fs', [1, 2]),
    stringAttribute('s', 'ü'),
    stringsAttribute('ss', ['a', '']),
    tensorAttribute('t', tensorFromArray('w', DataType.INT8, [1], new Int8Array(1))),
    graphAttribute('g', body),
  ],
});
const graph = createGraph({ name: 'g', nodes: [node], inputs: [], outputs: [] });
const written = decodeModel(encodeModel(createModel({ graph, opsets: { '': 17 }, irVersion: 8 }))).graph!.node[0]!;

describe.each([
  ['as built', node],
  ['after writing and reading', written],
])('attribute readers %s', (_, subject) => {
  it('read what the builders wrote', () => {
    expect(getInt(subject, 'i')).toBe(0);
    expect(getInts(subject, 'is')).toEqual([1, -2]);
    expect(getInts(subject, 'none')).toEqual([]);
    expect(getFloat(subject, 'f')).toBe(0.5);
    expect(getFloats(subject, 'fs')).toEqual([1, 2]);
    expect(getString(subject, 's')).toBe('ü');
    expect(getStrings(subject, 'ss')).toEqual(['a', '']);
    expect(getTensor(subject, 't')?.name).toBe('w');
    expect(getGraph(subject, 'g')?.name).toBe('body');
  });
});

describe('attribute readers', () => {
  it('fall back when the node lacks the attribute', () => {
    expect(getInt(node, 'x')).toBeUndefined();
    expect(getInt(node, 'x', 3)).toBe(3);
    expect(getInts(node, 'x', [1])).toEqual([1]);
    expect(getFloat(node, 'x', 1)).toBe(1);
    expect(getFloats(node, 'x', [])).toEqual([]);
    expect(getString(node, 'x', 'NOTSET')).toBe('NOTSET');
    expect(getStrings(node, 'x')).toBeUndefined();
  });

  it('name node, attribute and both types when the type is wrong', () => {
    expect(() => getInt(node, 'f')).toThrow(
      '[onnx] read attribute: expected attribute "f" of Test node "n" to hold INT, received FLOAT.',
    );
  });

  it('refuse integers beyond 2^53 and references to function attributes', () => {
    const big = createNode({ opType: 'T', inputs: [], outputs: ['y'], attributes: [intAttribute('i', 2n ** 60n)] });
    expect(() => getInt(big, 'i')).toThrow('received 1152921504606846976');
    const attribute = create(AttributeProtoSchema, { name: 'i', type: 2, refAttrName: 'outer' });
    const inner = createNode({ opType: 'T', inputs: [], outputs: ['y'], attributes: [attribute] });
    expect(() => getInt(inner, 'i')).toThrow('a reference to the function attribute "outer"');
  });

  it('read attributes of old files that leave the type out', () => {
    const attributes = [
      create(AttributeProtoSchema, { name: 'i', i: 5n }),
      create(AttributeProtoSchema, { name: 'e' }),
    ];
    const old = createNode({ opType: 'T', inputs: [], outputs: ['y'], attributes });
    expect(getInt(old, 'i')).toBe(5);
    expect(getInts(old, 'e')).toEqual([]);
    expect(() => getInt(old, 'e')).toThrow('UNDEFINED');
  });
});
