import { emptySpec, findTarget } from '@bitwright/core';
import { createValueInfo, DataType, stringAttribute, tensorFromArray } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { defaultLowerings, type IntegerModel, loadPackedModel, loweringRegistry } from '../src/index';
import { networks } from './networks';
import { network, node, packed, sizeOf, specFor, values, weight } from './toy-network';

const residual = networks['residual block, pool and classifier']!;
const input = values(sizeOf(residual.dims), 7);
const spec = specFor(residual, findTarget('ort-x64'), input);
const bytes = packed(residual.model, spec);
const none = emptySpec('ort-x64', { tool: { name: 'test', version: '0' } });

describe('a packed model', () => {
  it('by hand: a 1×1 convolution of two codes', () => {
    const { model } = network(
      [1, 2, 1, 1],
      [node('Conv', ['x', 'w', 'b'], ['c']), node('Relu', ['c'], ['y'])],
      [
        tensorFromArray('w', DataType.FLOAT, [1, 2, 1, 1], Float32Array.of(1.27, -0.5)),
        tensorFromArray('b', DataType.FLOAT, [1], Float32Array.of(0.1)),
      ],
      { y: ['N', 1, 1, 1] },
    );
    const target = findTarget('ort-x64-vnni');
    const qparams = (scale: number, zeroPoint: number) => ({
      scale: Float32Array.of(scale),
      zeroPoint: Int32Array.of(zeroPoint),
    });
    const user = { origin: { source: 'user' } } as const;
    const { activation, weight: weightScheme } = target.schemes;
    const byHand = {
      ...none,
      target: target.id,
      nodes: { Conv_c: { kind: 'integer' }, Relu_y: { kind: 'absorbed' } },
      tensors: {
        x: { role: 'activation', scheme: activation, qparams: qparams(0.1, 10), ...user },
        w: { role: 'weight', scheme: weightScheme, qparams: qparams(0.01, 0), ...user },
        b: {
          role: 'bias',
          scheme: spec.tensors['b1']!.scheme,
          qparams: qparams(Math.fround(0.1 * Math.fround(0.01)), 0),
          ...user,
        },
        y: { role: 'activation', scheme: activation, qparams: qparams(0.25, 3), ...user },
      },
    } as const;
    const x = { data: Float32Array.of(2, -0.4), shape: [1, 2, 1, 1] };
    const result = loadPackedModel(packed(model, byHand)).run({ x }, { observe: ['x'] });
    // Codes of x: 2/0.1 + 10 = 30 and −4 + 10 = 6. acc = 20·127 − 4·(−50)… = 2540 + 200 + 100 = 2840; ·0.001/0.25 = 11.36.
    expect(result['y']).toMatchObject({ codes: Uint8Array.of(14), scale: 0.25, zeroPoint: 3 });
    expect([...result['y']!.data]).toEqual([2.75]);
    // A Relu behind it saturates: real −1 becomes the code of 0.
    const below = loadPackedModel(packed(model, byHand)).run({ x: { ...x, data: Float32Array.of(-0.8, 0) } });
    expect([...below['y']!.codes!]).toEqual([3]);
  });

  it('gives the same on every call, for batches of any size in any order', () => {
    const model = loadPackedModel(bytes);
    const row = sizeOf(residual.dims.slice(1));
    const of = (n: number) =>
      model.run({ x: { data: input.slice(0, n * row), shape: [n, ...residual.dims.slice(1)] } })['y']!;
    const two = of(2);
    const one = of(1);
    expect(of(2)).toEqual(two);
    expect(one.data).toEqual(two.data.slice(0, 5));
    expect(of(1)).toEqual(one);
  });

  it('leaves its inputs and what it gave before as they are', () => {
    const model = loadPackedModel(bytes);
    const x = { data: input.slice(), shape: residual.dims };
    const first = model.run({ x })['y']!;
    const kept = first.data.slice();
    model.run({ x: { data: input.map((v) => -v), shape: residual.dims } });
    expect(first.data).toEqual(kept);
    expect(x.data).toEqual(input);
  });

  it('shows tensors on the way, codes and real numbers', () => {
    const seen = loadPackedModel(bytes).run({ x: { data: input, shape: residual.dims } }, { observe: ['r1', 'p'] });
    const { codes, scale, zeroPoint, data, shape } = seen['r1']!;
    expect(shape).toEqual([2, 8, 8, 8]);
    expect(codes).toBeInstanceOf(Uint8Array);
    expect([...data]).toEqual([...codes!].map((q) => Math.fround((q - zeroPoint!) * scale!)));
    expect(Math.min(...data)).toBe(0);
    expect(seen['p']!.shape).toEqual([2, 8, 1, 1]);
  });

  it('follows a target of one’s own, which the spec names', () => {
    const { placement } = findTarget('ort-x64');
    const own = { ...findTarget('ort-x64'), id: 'mine', placement: { ...placement, quantize: 'inputs' as const } };
    const named = packed(residual.model, { ...spec, target: own.id });
    const x = { data: input, shape: residual.dims };
    expect(() => loadPackedModel(named)).toThrow('mine');
    const r1 = (model: IntegerModel) => model.run({ x }, { observe: ['r1'] })['r1']!;
    expect(r1(loadPackedModel(named, { target: own })).codes).toBeUndefined();
    expect(r1(loadPackedModel(bytes)).codes).toBeDefined();
  });

  it('takes operators of one’s own', () => {
    const { model } = network([1, 3], [node('Celu', ['x'], ['y'])], [], { y: ['N', 3] });
    const own = loweringRegistry([
      ...new Set(defaultLowerings.values()),
      {
        opTypes: ['Celu'],
        lower: () => (inputs, run) => {
          const x = inputs[0]!;
          const y = run.newReal(x);
          y.data.set(x.data.map((v) => (v > 0 ? v : Math.expm1(v))));
          return [y];
        },
      },
    ]);
    const x = { data: Float32Array.of(1, 0, -1), shape: [1, 3] };
    const { y } = loadPackedModel(packed(model, none), { lowerings: own }).run({ x });
    expect([...y!.data]).toEqual([1, 0, Math.fround(Math.expm1(-1))]);
  });
});

describe('what a packed model refuses', () => {
  const x = { data: input, shape: residual.dims };

  it.each([
    ['no input', {}, 'input "x"'],
    ['an unknown input', { x, z: x }, '"z"'],
    ['another shape', { x: { data: input, shape: [2, 4, 64] } }, '[N,4,8,8]'],
    ['another length', { x: { data: input.slice(1), shape: residual.dims } }, `${input.length - 1} values`],
    [
      'another type',
      { x: { data: Array.from(input) as unknown as Float32Array, shape: residual.dims } },
      'Float32Array',
    ],
  ])('%s', (_, inputs, message) => {
    expect(() => loadPackedModel(bytes).run(inputs)).toThrow(message);
  });

  it.each([
    ['an operator it does not know', node('Celu', ['x'], ['y']), [], 'Celu'],
    [
      'interpolation',
      node('Resize', ['x', '', 's'], ['y'], [stringAttribute('mode', 'linear')]),
      [weight('s', [4], 1)],
      'mode nearest',
    ],
    ['a product of two computed tensors', node('MatMul', ['x', 'x'], ['y']), [], 'constant weights'],
  ])('%s, when it is loaded', (_, one, constants, message) => {
    const { model } = network([1, 4, 4, 4], [one], constants, { y: ['N', 4, 4, 4] });
    expect(() => loadPackedModel(packed(model, none))).toThrow(message);
    expect(() => loadPackedModel(packed(model, none))).toThrow(one.name);
  });

  it.each([
    ['a bias that is computed', ['x', 'w', 'x'], [5], 'a constant bias'],
    ['a bias with a number for each row', ['x', 'w', 'b'], [4, 1], 'shape [4,1]'],
    ['a bias with a number for each element', ['x', 'w', 'b'], [4, 5], 'shape [4,5]'],
    ['a column as bias, as long as there are outputs', ['x', 'w', 'b'], [5, 1], 'shape [5,1]'],
  ])('%s of an integer product', (_, inputs, biasShape, message) => {
    const gemm = (bias: readonly string[], shape: readonly number[]) =>
      network([shape[0] as number, 8], [node('Gemm', bias, ['y'])], [weight('w', [8, 5], 1), weight('b', shape, 2)], {
        y: ['N', 5],
      });
    const plain = gemm(['x', 'w'], biasShape);
    const dims = plain.dims;
    const onCodes = specFor(plain, findTarget('ort-x64'), values(sizeOf(dims), 3));
    expect(onCodes.nodes['Gemm_y']?.kind).toBe('integer');
    const { model } = gemm(inputs, biasShape);
    expect(() => loadPackedModel(packed(model, onCodes))).toThrow(message);
  });

  it('an input that is not float32, when it is loaded', () => {
    const { model } = network([1, 4], [node('Relu', ['x'], ['y'])], [], { y: ['N', 4] });
    const graph = { ...model.graph!, input: [createValueInfo('x', DataType.INT64, ['N', 4])] };
    expect(() => loadPackedModel(packed({ ...model, graph }, none))).toThrow(
      '[runtime] input "x": expected float32, element type 1 of ONNX, received element type 7.',
    );
  });

  it('bytes that are no packed model', () => {
    expect(() => loadPackedModel(new Uint8Array(100))).toThrow('a packed model');
    expect(() => loadPackedModel(bytes.slice(0, -1))).toThrow('lengths that fit the file');
  });
});
