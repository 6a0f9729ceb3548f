import {
  createGraph,
  createModel,
  createNode,
  createValueInfo,
  DataType,
  floatAttribute,
  intAttribute,
  type Model,
  stringAttribute,
  tensorAttribute,
  tensorFromArray,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { convertToFloat16, type Float16Options } from '../src/index';
import { weight } from './toy-models';
import { branchModel, flag, floats, floatTensor, relativeDifference, runSmall, smallModel } from './weight-models';

/** A few roundings to 11 bits. */
const halfTolerance = 4e-3;

const inputs = { x: floats([3, 64]) };
const matmul = createNode({ opType: 'MatMul', name: 'mm', inputs: ['x', 'w'], outputs: ['h'] });
const w = weight('w', [64, 32], 1);

const typesOf = (model: Model): number[] =>
  (model.graph?.initializer ?? [])
    .filter(({ dataType }) => dataType !== DataType.INT64)
    .map(({ dataType }) => dataType);
const operatorsOf = (model: Model): string[] => (model.graph?.node ?? []).map(({ opType }) => opType);

async function difference(model: Model, options?: Float16Options, feeds = inputs): Promise<number> {
  const { model: half } = convertToFloat16(model, options);
  return relativeDifference(await runSmall(half, feeds), await runSmall(model, feeds));
}

describe('convertToFloat16', () => {
  it('keeps float32 inputs and outputs and halves the weights', async () => {
    const model = smallModel(
      [matmul, createNode({ opType: 'Relu', name: 'r', inputs: ['h'], outputs: ['y'] })],
      [w],
      inputs,
      ['y'],
    );
    const { model: half, changes } = convertToFloat16(model);
    expect(operatorsOf(half)).toEqual(['Cast', 'MatMul', 'Relu', 'Cast']);
    expect(typesOf(half)).toEqual([DataType.FLOAT16]);
    expect(changes).toEqual({ clamped: [], raised: [], flushedToZero: 0, float32Nodes: [] });
    expect(await difference(model)).toBeLessThan(halfTolerance);
    expect(typesOf(model)).toEqual([DataType.FLOAT]);
  });

  it('turns inputs and outputs into float16 on request', () => {
    const model = smallModel([matmul], [w], inputs, ['h']);
    const { model: half } = convertToFloat16(model, { keepsIo: false });
    expect(operatorsOf(half)).toEqual(['MatMul']);
    const types = [...(half.graph?.input ?? []), ...(half.graph?.output ?? [])].map(({ type }) =>
      type?.value.case === 'tensorType' ? type.value.value.elemType : 0,
    );
    expect(types).toEqual([DataType.FLOAT16, DataType.FLOAT16]);
  });

  it('computes wanted nodes in float32, linked without casts between them', async () => {
    const nodes = [
      matmul,
      createNode({ opType: 'Exp', name: 'exp', inputs: ['h'], outputs: ['e'] }),
      createNode({ opType: 'Sqrt', name: 'sqrt', inputs: ['e'], outputs: ['s'] }),
      createNode({ opType: 'Neg', name: 'neg', inputs: ['s'], outputs: ['y'] }),
    ];
    const model = smallModel(nodes, [w], inputs, ['y']);
    const options = { isKept: ({ name }: { name: string }) => name === 'exp' || name === 'sqrt' };
    const { model: half, changes } = convertToFloat16(model, options);
    const sqrt = half.graph?.node.find(({ name }) => name === 'sqrt');
    const exp = half.graph?.node.find(({ name }) => name === 'exp');
    expect(sqrt?.input).toEqual(exp?.output);
    expect(changes.float32Nodes.map(({ node, reason }) => [node, reason])).toEqual([
      ['exp', 'kept on request'],
      ['sqrt', 'kept on request'],
    ]);
    expect(await difference(model, options)).toBeLessThan(halfTolerance);
  });

  it('leaves float32 what the operators demand: scales of Resize', async () => {
    const resize = createNode({
      opType: 'Resize',
      name: 'resize',
      inputs: ['h', '', 'scales'],
      outputs: ['y'],
      attributes: [stringAttribute('mode', 'nearest')],
    });
    const model = smallModel([matmul, resize], [w, floatTensor('scales', [2], Float32Array.of(1, 2))], inputs, ['y']);
    const { model: half } = convertToFloat16(model);
    expect(typesOf(half)).toEqual([DataType.FLOAT16, DataType.FLOAT]);
    expect(await difference(model)).toBeLessThan(halfTolerance);
  });

  it('converts constants, casts and fills inside the graph', async () => {
    const nodes = [
      matmul,
      createNode({
        opType: 'Constant',
        name: 'c1',
        inputs: [],
        outputs: ['half'],
        attributes: [floatAttribute('value_float', 0.5)],
      }),
      createNode({ opType: 'Mul', name: 'mul', inputs: ['h', 'half'], outputs: ['m'] }),
      createNode({ opType: 'Shape', name: 'shape', inputs: ['m'], outputs: ['shape'] }),
      createNode({
        opType: 'ConstantOfShape',
        name: 'fill',
        inputs: ['shape'],
        outputs: ['ones'],
        attributes: [tensorAttribute('value', tensorFromArray('', DataType.FLOAT, [1], Float32Array.of(1)))],
      }),
      createNode({
        opType: 'Cast',
        name: 'int',
        inputs: ['m'],
        outputs: ['i'],
        attributes: [intAttribute('to', DataType.INT32)],
      }),
      createNode({
        opType: 'Cast',
        name: 'real',
        inputs: ['i'],
        outputs: ['f'],
        attributes: [intAttribute('to', DataType.FLOAT)],
      }),
      createNode({ opType: 'Sum', name: 'sum', inputs: ['m', 'ones', 'f'], outputs: ['y'] }),
    ];
    const model = smallModel(nodes, [w], inputs, ['y']);
    // Whole numbers from the casts may differ by one where m is next to one.
    const { model: half } = convertToFloat16(model);
    expect(await runSmall(half, inputs)).toHaveLength(96);
    expect(half.graph?.node.find(({ name }) => name === 'real')?.attribute[0]?.i).toBe(BigInt(DataType.FLOAT16));
  });

  it.each([true, false])('converts body graphs, which read outer weights and inputs (flag: %s)', async (value) => {
    const feeds = { flag: flag(value), x: floats([3, 64]) };
    const model = branchModel(feeds);
    const { model: half } = convertToFloat16(model);
    const difference = relativeDifference(await runSmall(half, feeds), await runSmall(model, feeds));
    expect(difference).toBeLessThan(halfTolerance);
  });

  it('reports clamped masks and raised epsilons', () => {
    const nodes = [matmul, createNode({ opType: 'Sum', name: 'sum', inputs: ['h', 'mask', 'eps'], outputs: ['y'] })];
    const mask = floatTensor('mask', [2, 1, 1], Float32Array.of(0, -1e9));
    const { changes } = convertToFloat16(
      smallModel(nodes, [w, mask, floatTensor('eps', [1], Float32Array.of(1e-12))], inputs, ['y']),
    );
    expect(changes.clamped).toEqual([{ name: 'mask', count: 1 }]);
    expect(changes.raised).toEqual(['eps']);
  });

  it('refuses models with function bodies', () => {
    const graph = createGraph({ name: 'g', nodes: [], inputs: [], outputs: [createValueInfo('y', DataType.FLOAT)] });
    const model = createModel({ irVersion: 8, opsets: { '': 17 }, graph });
    model.functions = [{ name: 'f' } as (typeof model.functions)[number]];
    expect(() => convertToFloat16(model)).toThrow(/function "f".*Inline/);
  });
});
