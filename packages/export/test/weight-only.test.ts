import {
  createNode,
  floatAttribute,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  stringAttribute,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { dequantizeCodes, findWeights, type WeightCodes, type WriteWeightsOptions, writeWeights } from '../src/index';
import { executedOperators } from './runtime';
import { weight } from './toy-models';
import { someBlockCodes, someLookupCodes, someRowCodes } from './weight-codes';
import {
  branchModel,
  flag,
  floats,
  floatTensor,
  type InputSpec,
  indices,
  relativeDifference,
  runSmall,
  smallModel,
} from './weight-models';

/** Same weights, other order of summation. */
const sumTolerance = 2e-6;
/** Activations rounded to 8 bits on the fly: a few hundredths of the largest value. */
const dynamicTolerance = 0.03;

const transposed = (w: Float32Array, rows: number, columns: number): Float32Array =>
  Float32Array.from(w, (_, i) => w[(i % rows) * columns + Math.floor(i / rows)] as number);

/** Writes the same codes for every weight of a model. */
function write(model: Model, codes: WeightCodes, options?: WriteWeightsOptions): Model {
  const found = findWeights(model);
  return writeWeights(found, new Map(found.weights.map((each) => [each, codes])), options);
}

const operatorsOf = (model: Model): string[] => (model.graph?.node ?? []).map((node) => node.opType);
const matmul = createNode({ opType: 'MatMul', name: 'mm', inputs: ['x', 'w'], outputs: ['y'] });

function productModel(columns: number, real: Float32Array, rows: number, opset = 17): Model {
  const w = floatTensor('w', [columns, rows], transposed(real, rows, columns));
  return smallModel([matmul], [w], { x: floats([3, columns]) }, ['y'], opset);
}

describe('writeWeights with blocks', () => {
  const cases = [2, 4, 8].flatMap((bits) =>
    (['none', 'integer', 'real'] as const)
      .filter((zero) => bits < 8 || zero !== 'real')
      .flatMap((zero) => [64, 50, 20].map((columns) => [bits as 2 | 4 | 8, zero, columns] as const)),
  );

  it.each(cases)(
    'runs %i-bit blocks with zero points: %s, K = %i, like the dequantized weights',
    async (bits, zero, columns) => {
      const codes = someBlockCodes(24, columns, 32, bits, zero);
      const model = productModel(columns, dequantizeCodes(codes), 24);
      const quantized = write(model, codes);
      expect(operatorsOf(quantized)).toEqual(['MatMulNBits']);
      expect(quantized.graph?.initializer.map(({ name }) => name)).not.toContain('w');
      const inputs = { x: floats([3, columns]) };
      expect(relativeDifference(await runSmall(quantized, inputs), await runSmall(model, inputs))).toBeLessThan(
        sumTolerance,
      );
    },
  );

  it('reads rows of a 4-bit embedding exactly as dequantized', async () => {
    for (const [columns, zero] of [
      [64, 'none'],
      [50, 'integer'],
    ] as const) {
      const codes = someBlockCodes(9, columns, 16, 4, zero);
      const node = createNode({ opType: 'Gather', name: 'e', inputs: ['table', 'x'], outputs: ['y'] });
      const inputs = { x: indices(0, 8, 3, 3) };
      const model = smallModel([node], [floatTensor('table', [9, columns], dequantizeCodes(codes))], inputs, ['y']);
      expect(await runSmall(write(model, codes), inputs)).toEqual(await runSmall(model, inputs));
    }
  });

  it('stores a tied table once, however it is tied', async () => {
    const codes = someBlockCodes(40, 64, 32, 4, 'integer');
    const real = dequantizeCodes(codes);
    const gather = createNode({ opType: 'Gather', name: 'embed', inputs: ['table', 'x'], outputs: ['h'] });
    const head = (w: string): Node => createNode({ opType: 'MatMul', name: 'head', inputs: ['h', w], outputs: ['y'] });
    const swap = createNode({ opType: 'Transpose', name: 'swap', inputs: ['table'], outputs: ['swapped'] });
    const inputs = { x: indices(1, 39, 20) };
    const table = floatTensor('table', [40, 64], real);
    const copies = smallModel(
      [gather, head('w')],
      [table, floatTensor('w', [64, 40], transposed(real, 40, 64))],
      inputs,
      ['y'],
    );
    const throughTranspose = smallModel([swap, gather, head('swapped')], [table], inputs, ['y']);
    for (const model of [copies, throughTranspose]) {
      const found = findWeights(model);
      expect(found.weights).toHaveLength(1);
      const quantized = write(model, codes);
      const large = (quantized.graph?.initializer ?? []).filter(({ rawData }) => rawData.length >= (40 * 64) / 2);
      expect(large.map(({ name }) => name)).toEqual(['table_q4']);
      expect(operatorsOf(quantized).sort()).toEqual(['GatherBlockQuantized', 'MatMulNBits', 'Reshape']);
      const difference = relativeDifference(await runSmall(quantized, inputs), await runSmall(model, inputs));
      expect(difference).toBeLessThan(sumTolerance);
    }
  });

  it.each([
    ['alpha, beta and a bias', { alpha: 0.5, beta: 2, transB: 0 }, true],
    ['transB', { transB: 1 }, true],
    ['no bias', { alpha: 2, transB: 1 }, false],
  ] as const)('splits a Gemm with %s', async (_, attributes, hasBias) => {
    const codes = someBlockCodes(24, 48, 16, 4);
    const real = dequantizeCodes(codes);
    const isSwapped = attributes.transB === 1;
    const gemm = createNode({
      opType: 'Gemm',
      name: 'fc',
      inputs: hasBias ? ['x', 'w', 'b'] : ['x', 'w'],
      outputs: ['y'],
      attributes: Object.entries(attributes).map(([name, value]) =>
        name === 'transB' ? intAttribute(name, value) : floatAttribute(name, value),
      ),
    });
    const w = floatTensor('w', isSwapped ? [24, 48] : [48, 24], isSwapped ? real : transposed(real, 24, 48));
    const inputs = { x: floats([3, 48]) };
    const model = smallModel([gemm], [w, weight('b', [24], 11)], inputs, ['y']);
    const expected = await runSmall(model, inputs);
    expect(relativeDifference(await runSmall(write(model, codes), inputs), expected)).toBeLessThan(sumTolerance);
    const rows = someRowCodes(24, 48, false, true);
    expect(operatorsOf(write(model, rows))).toContain('MatMulInteger');
  });

  it.each(['none', 'integer'] as const)(
    'spells 4-bit blocks in ai.onnx operators that the runtime fuses, zero points: %s',
    async (zero) => {
      const codes = someBlockCodes(24, 80, 32, 4, zero);
      const model = productModel(80, dequantizeCodes(codes), 24, 21);
      const quantized = write(model, codes, { spelling: 'qdq' });
      expect(operatorsOf(quantized)).toEqual(['DequantizeLinear', 'MatMul']);
      expect(await executedOperators(quantized)).toContain('MatMulNBits');
      const inputs = { x: floats([3, 80]) };
      const expected = await runSmall(model, inputs);
      expect(relativeDifference(await runSmall(quantized, inputs, 'disabled'), expected)).toBeLessThan(sumTolerance);
      // The fusion sets accuracy level 4: activations are rounded to int8.
      expect(relativeDifference(await runSmall(quantized, inputs), expected)).toBeLessThan(dynamicTolerance);
      expect(() => write(productModel(80, dequantizeCodes(codes), 24, 17), codes, { spelling: 'qdq' })).toThrow(
        /operator set 21 or newer, received operator set 17/,
      );
    },
  );
});

describe('writeWeights with level tables', () => {
  it.each([
    ['nf4', 64, 32],
    ['fp4', 64, 32],
    ['nf4', 33, 32],
    ['nf4', 50, 64],
  ] as const)('runs %s like the dequantized weights, K = %i, blocks of %i', async (levels, columns, blockSize) => {
    const codes = someLookupCodes(7, columns, blockSize, levels);
    const model = productModel(columns, dequantizeCodes(codes), 7);
    const inputs = { x: floats([3, columns]) };
    const quantized = write(model, codes);
    expect(operatorsOf(quantized)).toEqual(['MatMulBnb4']);
    expect(relativeDifference(await runSmall(quantized, inputs), await runSmall(model, inputs))).toBeLessThan(
      sumTolerance,
    );
  });
});

describe('writeWeights with 8-bit rows', () => {
  it.each([
    [true, true],
    [false, true],
    [true, false],
    [false, false],
  ])('multiplies integers (signed: %s, per row: %s), fused into one operator', async (isSigned, isPerRow) => {
    const codes = someRowCodes(24, 64, isSigned, isPerRow);
    const model = productModel(64, dequantizeCodes(codes), 24);
    const quantized = write(model, codes);
    const inputs = { x: floats([3, 64]) };
    const difference = relativeDifference(await runSmall(quantized, inputs), await runSmall(model, inputs));
    expect(difference).toBeLessThan(dynamicTolerance);
    expect(await executedOperators(quantized)).toEqual(['DynamicQuantizeMatMul']);
  });

  it('quantizes an activation once for all products that read it', () => {
    const second = createNode({ opType: 'MatMul', name: 'mm2', inputs: ['x', 'v'], outputs: ['z'] });
    const model = smallModel(
      [matmul, second],
      [weight('w', [64, 24], 1), weight('v', [64, 24], 2)],
      { x: floats([3, 64]) },
      ['y', 'z'],
    );
    const quantized = write(model, someRowCodes(24, 64, false, true));
    expect(operatorsOf(quantized).filter((op) => op === 'DynamicQuantizeLinear')).toHaveLength(1);
  });

  it.each([true, false])('looks rows up before dequantizing them (per row: %s)', async (isPerRow) => {
    const codes = someRowCodes(9, 20, true, isPerRow);
    const node = createNode({ opType: 'Gather', name: 'e', inputs: ['table', 'x'], outputs: ['y'] });
    const inputs = { x: indices(0, 8, 3) };
    const model = smallModel([node], [floatTensor('table', [9, 20], dequantizeCodes(codes))], inputs, ['y']);
    const quantized = write(model, codes);
    expect(await runSmall(quantized, inputs)).toEqual(await runSmall(model, inputs));
    expect(operatorsOf(quantized)[0]).toBe('Gather');
  });

  it('stores filters in 8 bits and computes in float exactly as dequantized', async () => {
    const codes = someRowCodes(8, 36, true, true);
    const inputs: Record<string, InputSpec> = { x: floats([1, 4, 8, 8]) };
    const conv = createNode({
      opType: 'Conv',
      name: 'conv',
      inputs: ['x', 'w', 'b'],
      outputs: ['y'],
      attributes: [intsAttribute('pads', [1, 1, 1, 1])],
    });
    const model = smallModel(
      [conv],
      [floatTensor('w', [8, 4, 3, 3], dequantizeCodes(codes)), weight('b', [8], 2)],
      inputs,
      ['y'],
    );
    const expected = await runSmall(model, inputs);
    const stored = write(model, codes);
    expect(operatorsOf(stored)).toEqual(['Cast', 'Mul', 'Conv']);
    expect(await runSmall(stored, inputs)).toEqual(expected);
    expect(await executedOperators(stored)).not.toContain('Cast');
    const integer = write(model, codes, { convolutions: 'dynamic' });
    expect(operatorsOf(integer)).toContain('ConvInteger');
    expect(relativeDifference(await runSmall(integer, inputs), expected)).toBeLessThan(dynamicTolerance);
  });

  it.each([1, 2])('runs an LSTM of %i direction(s) on 8-bit weights', async (directions) => {
    const inputs = { x: floats([5, 2, 6]) };
    const node = createNode({
      opType: 'LSTM',
      name: 'lstm',
      inputs: ['x', 'w', 'r', 'b'],
      outputs: ['y'],
      attributes: [
        intAttribute('hidden_size', 5),
        stringAttribute('direction', directions === 1 ? 'forward' : 'bidirectional'),
      ],
    });
    const w = someRowCodes(directions * 20, 6, false, true);
    const r = someRowCodes(directions * 20, 5, false, true);
    const model = smallModel(
      [node],
      [
        floatTensor('w', [directions, 20, 6], dequantizeCodes(w)),
        floatTensor('r', [directions, 20, 5], dequantizeCodes(r)),
        weight('b', [directions, 40], 3),
      ],
      inputs,
      ['y'],
    );
    const found = findWeights(model);
    const [first, second] = found.weights;
    const quantized = writeWeights(
      found,
      new Map([
        [first!, w],
        [second!, r],
      ]),
    );
    expect(operatorsOf(quantized)).toEqual(['DynamicQuantizeLSTM']);
    const difference = relativeDifference(await runSmall(quantized, inputs), await runSmall(model, inputs));
    expect(difference).toBeLessThan(dynamicTolerance);
    expect(() => writeWeights(found, new Map([[first!, w]]))).toThrow(/both matrices of LSTM/);
  });
});

describe('writeWeights in body graphs', () => {
  it.each([true, false])('quantizes captured and local weights of If (flag: %s)', async (value) => {
    const inputs = { flag: flag(value), x: floats([3, 64]) };
    const codes = someBlockCodes(32, 64, 32, 4);
    const model = branchModel(inputs);
    const found = findWeights(model);
    expect(found.weights.map(({ name, sites }) => [name, sites[0]?.place])).toEqual([
      ['w', 'choice/then_branch: then_matmul'],
      ['v', 'choice/else_branch: else_matmul'],
    ]);
    const quantized = write(model, codes);
    const expected = await runSmall(productModel(64, dequantizeCodes(codes), 32), { x: inputs.x });
    expect(relativeDifference(await runSmall(quantized, inputs), expected)).toBeLessThan(sumTolerance);
    // The model found in is left alone.
    expect(await runSmall(model, inputs)).toEqual(await runSmall(branchModel(inputs), inputs));
    expect(write(model, someRowCodes(32, 64, false, true)).graph?.node).toHaveLength(1);
  });
});

describe('findWeights', () => {
  it('says why a tensor stays float', () => {
    const add = createNode({ opType: 'Add', name: 'plus', inputs: ['y', 'w'], outputs: ['z'] });
    const model = smallModel([matmul, add], [weight('w', [64, 64], 1)], { x: floats([64, 64]) }, ['z']);
    const { weights, float } = findWeights(model);
    expect(weights).toEqual([]);
    expect(float).toEqual([{ name: 'w', byteLength: 16384, reason: 'also read by Add "plus", input 1' }]);
    const excluded = findWeights(smallModel([matmul], [weight('w', [64, 8], 1)], { x: floats([3, 64]) }, ['y']), {
      isExcluded: (node) => node.name === 'mm',
    });
    expect(excluded.float[0]?.reason).toBe('excluded: node "mm"');
  });

  it('stores a float weight once where it has no codes', async () => {
    const w = weight('w', [64, 32], 1);
    const data = new Float32Array(w.rawData.slice().buffer);
    const gather = createNode({ opType: 'Gather', name: 'embed', inputs: ['table', 'i'], outputs: ['e'] });
    const sum = createNode({ opType: 'Add', name: 'sum', inputs: ['y', 'y0'], outputs: ['out'] });
    const head = createNode({ opType: 'MatMul', name: 'head', inputs: ['e', 'w'], outputs: ['y'] });
    const again = createNode({ opType: 'MatMul', name: 'again', inputs: ['x', 'w'], outputs: ['y0'] });
    const inputs = { i: indices(1, 2, 3), x: floats([3, 64]) };
    const model = smallModel(
      [gather, head, again, sum],
      [w, floatTensor('table', [32, 64], transposed(data, 64, 32))],
      inputs,
      ['out'],
    );
    const tied = writeWeights(findWeights(model), new Map());
    expect(tied.graph?.initializer).toHaveLength(1);
    expect(await runSmall(tied, inputs)).toEqual(await runSmall(model, inputs));
  });
});
