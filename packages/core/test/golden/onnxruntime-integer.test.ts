import { describe, expect, it } from 'vitest';
import golden from '../../src/__fixtures__/golden/onnxruntime-integer.json';
import {
  allocateQuantized,
  applyLookupTable,
  type CodeOutput,
  type CodeTensor,
  integerAdd,
  integerAveragePool,
  integerConcat,
  integerConv2d,
  integerGemm,
  integerGlobalAveragePool,
  integerMaxPool,
  integerMul,
  lookupTable,
  parseDType,
  perAxis,
  perTensor,
  poolShape,
  type QuantizedArray,
  requantizationMultiplier,
  requantize,
} from '../../src/index';
import { bytesOf, codesOfHex, float32Of } from './hexadecimal';

type Case = (typeof golden.cases)[number] & { [key: string]: unknown };
interface Operand {
  readonly type: string;
  readonly shape: number[];
  readonly data: string;
}
interface Attributes {
  pads?: [number, number, number, number];
  strides?: [number, number];
  dilations?: [number, number];
  kernel_shape?: [number, number];
  group?: number;
  ceil_mode?: number;
  count_include_pad?: number;
}

const cases = golden.cases as unknown as Case[];
const of = (op: string) => cases.filter((c) => c.op === op);

function operand(c: Case, name: string): Operand {
  return (c.operands as unknown as Record<string, Operand>)[name] as Operand;
}

function codes(c: Case, name: string): QuantizedArray {
  const { data, type } = operand(c, name);
  return codesOfHex(data, type);
}

function int32(c: Case, name: string): Int32Array {
  return new Int32Array(bytesOf(operand(c, name).data).buffer);
}

function scalar(c: Case, name: string): number {
  return c[name] as number;
}

function tensor(c: Case, name: 'a' | 'b' | 'x'): CodeTensor {
  const suffix = name.toUpperCase();
  return { codes: codes(c, name), scale: scalar(c, `scale${suffix}`), zeroPoint: scalar(c, `zero${suffix}`) };
}

function output(c: Case): CodeOutput {
  const { qmin, qmax } = parseDType(c.type);
  return { scale: scalar(c, 'scaleY'), zeroPoint: scalar(c, 'zeroY'), qmin, qmax };
}

function empty(c: Case): QuantizedArray {
  return allocateQuantized(parseDType(c.type), codesOfHex(c.y, c.type).length);
}

/**
 * onnxruntime fuses multiply–add and folds zero points into float constants in these operators, which moves a result across
 * a tie now and then: at most one code, for at most this share of the elements.
 */
const tieShare = 0.01;

function expectWithinOneCode(ours: QuantizedArray, c: Case): void {
  const theirs = codesOfHex(c.y, c.type);
  const steps = Array.from(ours, (q, i) => Math.abs(q - (theirs[i] as number)));
  expect(Math.max(...steps)).toBeLessThanOrEqual(1);
  expect(steps.filter((s) => s > 0).length).toBeLessThanOrEqual(tieShare * ours.length);
}

describe('integer arithmetic against onnxruntime', () => {
  it.each(of('conv'))('ConvInteger and QLinearConv to the bit: $type $attributes', (c) => {
    const attributes = c.attributes as Attributes;
    const { group, pads, strides, dilations } = attributes;
    const acc = integerConv2d({
      layout: 'NCHW',
      input: codes(c, 'x'),
      inputShape: operand(c, 'x').shape,
      inputZeroPoint: scalar(c, 'zeroX'),
      weight: codes(c, 'w'),
      weightShape: operand(c, 'w').shape,
      weightZeroPoint: 0,
      ...(pads && { pads }),
      ...(strides && { strides }),
      ...(dilations && { dilations }),
      ...(group && { groups: group }),
    });
    expect(acc).toEqual(int32(c, 'acc'));
    const bias = int32(c, 'bias');
    const shape = c.yShape;
    const inner = (shape[2] as number) * (shape[3] as number);
    const withBias = acc.map((v, i) => v + (bias[Math.floor(i / inner) % bias.length] as number));
    const { scale, zeroPoint, qmin, qmax } = output(c);
    const multiplier = requantizationMultiplier(scalar(c, 'scaleX'), float32Of(operand(c, 'scaleW').data), scale);
    const ours = requantize(
      { acc: withBias, shape, granularity: perAxis(1), multiplier, zeroPoint, qmin, qmax },
      empty(c),
    );
    expect([...ours]).toEqual([...codesOfHex(c.y, c.type)]);
  });

  it.each(of('matmul'))('MatMulInteger and QLinearMatMul to the bit: $type', (c) => {
    const [m, k] = operand(c, 'a').shape as [number, number];
    const n = operand(c, 'b').shape[1] as number;
    const acc = integerGemm({
      m,
      n,
      k,
      a: codes(c, 'a'),
      aZeroPoint: scalar(c, 'zeroA'),
      b: codes(c, 'b'),
      bLayout: 'KN',
      bZeroPoint: scalar(c, 'zeroB'),
    });
    expect(acc).toEqual(int32(c, 'acc'));
    const { scale, zeroPoint, qmin, qmax } = output(c);
    const multiplier = requantizationMultiplier(scalar(c, 'scaleA'), Float32Array.of(scalar(c, 'scaleB')), scale);
    const ours = requantize(
      { acc, shape: [m, n], granularity: perTensor, multiplier, zeroPoint, qmin, qmax },
      empty(c),
    );
    expect([...ours]).toEqual([...codesOfHex(c.y, c.type)]);
  });

  it.each(of('add'))('QLinearAdd, ties apart: $type', (c) => {
    expectWithinOneCode(integerAdd(tensor(c, 'a'), tensor(c, 'b'), output(c), empty(c)), c);
  });

  it.each(of('mul'))('QLinearMul, ties apart: $type', (c) => {
    expectWithinOneCode(integerMul(tensor(c, 'a'), tensor(c, 'b'), output(c), empty(c)), c);
  });

  it.each(of('concat'))('QLinearConcat to the bit: $type', (c) => {
    const inputs = (['a', 'b'] as const).map((name) => ({ ...tensor(c, name), shape: operand(c, name).shape }));
    const ours = integerConcat(inputs, c.axis as number, output(c), empty(c));
    expect([...ours]).toEqual([...codesOfHex(c.y, c.type)]);
  });

  it.each(of('sigmoid'))('QLinearSigmoid by a table, ties apart: $type', (c) => {
    const { codes: input, scale, zeroPoint } = tensor(c, 'a');
    const table = lookupTable((x) => 1 / (1 + Math.exp(-x)), { ...parseDType(c.type), scale, zeroPoint }, output(c));
    expectWithinOneCode(applyLookupTable(input, table, empty(c)), c);
  });

  it.each(of('averagePool'))('QLinearAveragePool, ties apart: $type $attributes', (c) => {
    const { kernel_shape, pads, strides, ceil_mode, count_include_pad } = c.attributes as Attributes;
    const pooling = {
      layout: 'NCHW' as const,
      inputShape: operand(c, 'x').shape,
      kernel: kernel_shape as [number, number],
      ceilMode: ceil_mode === 1,
      countIncludePad: count_include_pad === 1,
      ...(pads && { pads }),
      ...(strides && { strides }),
    };
    expect(poolShape(pooling)).toEqual(c.yShape);
    expectWithinOneCode(integerAveragePool(tensor(c, 'x'), pooling, output(c), empty(c)), c);
  });

  it.each(of('globalAveragePool'))('QLinearGlobalAveragePool, ties apart: $type', (c) => {
    const pooling = { layout: 'NCHW' as const, inputShape: operand(c, 'x').shape };
    expectWithinOneCode(integerGlobalAveragePool(tensor(c, 'x'), pooling, output(c), empty(c)), c);
  });

  it.each(of('maxPool'))('MaxPool to the bit: $type', (c) => {
    const { kernel_shape, pads, strides, ceil_mode } = c.attributes as Attributes;
    const pooling = {
      layout: 'NCHW' as const,
      inputShape: operand(c, 'x').shape,
      kernel: kernel_shape as [number, number],
      ceilMode: ceil_mode === 1,
      ...(pads && { pads }),
      ...(strides && { strides }),
    };
    expect([...integerMaxPool(codes(c, 'x'), pooling, empty(c))]).toEqual([...codesOfHex(c.y, c.type)]);
  });
});
