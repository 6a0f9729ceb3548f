import { compareTensors, type LinearScheme, linearScheme, ortX64, uint8, uint16 } from '@bitwright/core';
import { encodeModel, graphIndex, type Model, tensorToArray } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { planPlacement, writeQdq } from '../src';
import { executedOperators, run } from './runtime';
import { specFor } from './spec-for';
import { conv, op, residualModel, toy, weight } from './toy-models';

const write = (model: Model, ranges: Parameters<typeof specFor>[2] = {}, exclude: readonly string[] = []): Model => {
  const placement = planPlacement(model, { target: ortX64, isExcluded: (node) => exclude.includes(node.name) });
  return writeQdq(model, specFor(model, placement, ranges), ortX64);
};

/** 8-bit grids over these ranges keep a small network's output within this of float; a misplaced scale is far below. */
const smallestSqnrDb = 20;

describe('writeQdq', () => {
  it('writes a residual network that onnxruntime runs on integer kernels only', async () => {
    const float = residualModel();
    const quantized = write(float, { x: [-1, 1], r1: [0, 6], c2: [-12, 12], r2: [0, 12], pool: [0, 6] });
    expect(await executedOperators(quantized)).toEqual([
      'Flatten',
      'QGemm',
      'QLinearAdd',
      'QLinearConv',
      'QLinearConv',
      'QLinearGlobalAveragePool',
      'QuantizeLinear',
      'Transpose',
      'Transpose',
    ]);
    const [a, b] = [await run(float, [2, 4, 8, 8]), await run(quantized, [2, 4, 8, 8])];
    expect(compareTensors(a.logits!, b.logits!).sqnrDb).toBeGreaterThan(smallestSqnrDb);
  });

  it('does not touch the model it was given', () => {
    const float = residualModel();
    const before = encodeModel(float);
    write(float);
    expect(encodeModel(float)).toEqual(before);
  });

  it('stores a bias as int32 with scale fround(scale(x)·scale(w)) and zero point 0', () => {
    const quantized = write(residualModel());
    const index = graphIndex(quantized.graph!);
    const [x, w, b] = ['x_scale', 'conv1.w_scale', 'conv1.b_scale'].map(
      (name) => tensorToArray(index.initializer(name)!) as Float32Array,
    );
    expect([...b!]).toEqual(Array.from(w!, (s) => Math.fround(x![0]! * s)));
    expect([...(tensorToArray(index.initializer('conv1.b_zero_point')!) as Int32Array)]).toEqual([0, 0, 0, 0]);
    expect(index.initializer('conv1.b')).toBeUndefined();
  });

  it('removes a Relu or Clip that saturation makes redundant, and keeps one that it does not', () => {
    expect(write(residualModel()).graph!.node.some((node) => node.opType === 'Relu')).toBe(false);
    const kept = write(residualModel(), { r1: [-1, 4] });
    expect(kept.graph!.node.filter((node) => node.opType === 'Relu')).toHaveLength(1);
  });

  it('puts a quantizer pair before a model output that an integer convolution writes, and keeps its name', async () => {
    const model = toy({
      nodes: [conv('conv1', 'x', 'y')],
      initializers: [weight('conv1.w', [4, 4, 3, 3], 1), weight('conv1.b', [4], 2)],
      outputs: { y: ['N', 4, 8, 8] },
    });
    const quantized = write(model);
    expect(await executedOperators(quantized)).toContain('QLinearConv');
    expect(Object.keys(await run(quantized, [1, 4, 8, 8]))).toEqual(['y']);
  });

  it('keeps an excluded operator in float although quantizers surround it', async () => {
    const float = residualModel();
    const quantized = write(float, {}, ['conv2']);
    const operators = await executedOperators(quantized);
    expect(operators.filter((type) => type === 'QLinearConv')).toHaveLength(1);
    expect(operators.some((type) => type === 'Conv' || type === 'FusedConv')).toBe(true);
  });

  it('gives pass-through operators the very same parameter initializers on both sides', () => {
    const quantized = write(residualModel());
    const scales = quantized
      .graph!.node.filter((node) => node.opType === 'QuantizeLinear' && /^(pool|flat)_Quantize/.test(node.output[0]!))
      .map((node) => node.input.slice(1).join());
    expect(scales).toEqual(['pool_scale,pool_zero_point', 'pool_scale,pool_zero_point']);
  });

  it('quantizes the constant operand of Add and Mul with parameters of its own', async () => {
    const model = toy({
      nodes: [conv('conv1', 'x', 'c1'), op('Mul', ['c1', 'gain'], ['m']), conv('conv2', 'm', 'y')],
      initializers: [
        weight('gain', [1, 4, 1, 1], 7),
        ...[1, 2].flatMap((i) => [weight(`conv${i}.w`, [4, 4, 3, 3], i), weight(`conv${i}.b`, [4], i)]),
      ],
      outputs: { y: ['N', 4, 8, 8] },
    });
    expect(await executedOperators(write(model))).toContain('QLinearMul');
  });

  it('saturates at the codes of a narrower scheme, and still runs on integer kernels', async () => {
    const float = residualModel();
    const placement = planPlacement(float, { target: ortX64 });
    const four = linearScheme({ dtype: uint8, qmin: 0, qmax: 15 });
    const r1 = { ...placement.activations.get('r1')!, scheme: four };
    const low = { ...placement, activations: new Map([...placement.activations, ['r1', r1]]) };
    const quantized = writeQdq(float, specFor(float, low), ortX64);
    const operators = await executedOperators(quantized);
    expect(operators.filter((type) => type === 'QLinearConv')).toHaveLength(2);
    expect(operators).toContain('Clip');
  });

  it('refuses a code type that the operator set cannot carry, and a spec of another model', () => {
    const model = residualModel();
    const placement = planPlacement(model, { target: ortX64 });
    const spec = specFor(model, placement);
    const wide: LinearScheme = linearScheme({ dtype: uint16 });
    const x = { ...spec.tensors['x']!, scheme: wide };
    expect(() => writeQdq(model, { ...spec, tensors: { ...spec.tensors, x } }, ortX64)).toThrow(/operator set 21/);
    expect(() => writeQdq(model, { ...spec, tensors: { nothing: x } }, ortX64)).toThrow(/"nothing"/);
  });
});
