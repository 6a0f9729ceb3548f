import { describe, expect, it } from 'vitest';
import { noise, op, smallModel } from '../../test/small-graph';
import { intAttribute, intsAttribute } from '../attribute/build-attribute';
import type { Model } from '../message/types';
import { DataType } from '../tensor/data-type';
import { tensorFromArray } from '../tensor/tensor-from-array';
import { countMacs } from './count-macs';
import { peakActivationMemory } from './peak-activation-memory';

describe('countMacs', () => {
  const model = smallModel(
    [
      op('Conv', ['x', 'w'], ['c'], [intsAttribute('pads', [1, 1, 1, 1])]),
      op('Conv', ['c', 'd'], ['e'], [intAttribute('group', 4), intsAttribute('pads', [1, 1, 1, 1])]),
      op('GlobalAveragePool', ['e'], ['g']),
      op('Flatten', ['g'], ['f']),
      op('Gemm', ['f', 'v'], ['y'], [intAttribute('transB', 1)]),
    ],
    { x: ['N', 3, 8, 8] },
    [noise('w', [4, 3, 3, 3]), noise('d', [4, 1, 3, 3]), noise('v', [10, 4])],
  );

  it('counts convolutions, depthwise ones and matrix products', () => {
    // 8·8·4 outputs · 27 products; 8·8·4 · 9; 10 · 4
    expect(countMacs(model, { x: [1, 3, 8, 8] })).toEqual({
      total: 6912 + 2304 + 40,
      nodes: [
        { node: 'Conv_c', opType: 'Conv', macs: 6912 },
        { node: 'Conv_e', opType: 'Conv', macs: 2304 },
        { node: 'Gemm_y', opType: 'Gemm', macs: 40 },
      ],
      unknown: [],
    });
  });

  it('grows with the batch', () => {
    expect(countMacs(model, { x: [3, 3, 8, 8] }).total).toBe(3 * (6912 + 2304 + 40));
  });

  it('says what it cannot count while the batch is open', () => {
    const { total, unknown } = countMacs(model);
    expect(unknown).toEqual(['Conv_c', 'Conv_e', 'Gemm_y']);
    expect(total).toBe(0);
  });

  it('counts transposed convolutions by their input and recurrent layers by their steps', () => {
    const up = smallModel([op('ConvTranspose', ['x', 'w'], ['y'])], { x: [1, 2, 4, 4] }, [noise('w', [2, 3, 2, 2])]);
    expect(countMacs(up).total).toBe(2 * 16 * 3 * 4);
    const steps = smallModel([op('LSTM', ['x', 'w', 'r'], ['y'], [intAttribute('hidden_size', 4)])], { x: [5, 2, 3] }, [
      noise('w', [1, 16, 3]),
      noise('r', [1, 16, 4]),
    ]);
    expect(countMacs(steps).total).toBe(5 * 2 * (48 + 64));
  });
});

describe('peakActivationMemory', () => {
  const x = { x: [1, 100] };
  /** 100 floats each. */
  const unit = 400;

  it('counts inputs and outputs of a node together', () => {
    const memory = peakActivationMemory(smallModel([op('Relu', ['x'], ['a']), op('Neg', ['a'], ['y'])], x));
    expect(memory.timeline.map((step) => step.bytes)).toEqual([2 * unit, 2 * unit]);
    expect(memory).toMatchObject({ peakBytes: 2 * unit, atNode: 'Relu_a', unknown: [] });
  });

  it('keeps a value alive until its last reader', () => {
    const model = smallModel([op('Relu', ['x'], ['a']), op('Neg', ['a'], ['b']), op('Add', ['b', 'x'], ['y'])], x);
    const memory = peakActivationMemory(model);
    expect(memory.timeline.map((step) => step.bytes)).toEqual([2 * unit, 3 * unit, 3 * unit]);
    expect(memory.atNode).toBe('Neg_b');
  });

  it('keeps model outputs to the end, and drops what nobody reads at once', () => {
    const model = smallModel([op('Relu', ['x'], ['a']), op('Neg', ['x'], ['b']), op('Abs', ['x'], ['y'])], x, [], {
      outputs: ['a', 'y'],
    });
    expect(peakActivationMemory(model).timeline.map((step) => step.bytes)).toEqual([2 * unit, 2 * unit, 3 * unit]);
  });

  it('does not count views twice, nor weights, nor values computed from weights', () => {
    const model = smallModel([op('Flatten', ['x'], ['f']), op('Neg', ['w'], ['n']), op('Add', ['f', 'n'], ['y'])], x, [
      noise('w', [1, 100]),
    ]);
    expect(peakActivationMemory(model).timeline.map((step) => step.bytes)).toEqual([unit, unit, 2 * unit]);
  });

  const quantized = (): Model =>
    smallModel(
      [
        op('QuantizeLinear', ['x', 's', 'z'], ['xq']),
        op('DequantizeLinear', ['xq', 's', 'z'], ['xd']),
        op('MatMul', ['xd', 'w'], ['m']),
        op('Relu', ['m'], ['r']),
        op('QuantizeLinear', ['r', 's', 'z'], ['rq']),
        op('DequantizeLinear', ['rq', 's', 'z'], ['y']),
      ],
      x,
      [
        tensorFromArray('s', DataType.FLOAT, [], Float32Array.of(1)),
        tensorFromArray('z', DataType.UINT8, [], Uint8Array.of(0)),
        noise('w', [100, 100]),
      ],
    );

  it('counts quantized values at their own width', () => {
    expect(peakActivationMemory(quantized()).timeline.map((step) => step.bytes)).toEqual([
      500, 500, 800, 800, 500, 500,
    ]);
  });

  it('takes the floats inside fused integer operators out of the account', () => {
    // Q: x 400 + xq 100; then xq 100 + rq 100 for MatMul and Relu; rq 100 + y 400 at the end.
    const fused = peakActivationMemory(quantized(), undefined, { fused: true });
    expect(fused.timeline.map((step) => step.bytes)).toEqual([500, 100, 200, 100, 100, 500]);
    expect(peakActivationMemory(quantized(), undefined, { fused: new Set(['Conv']) }).peakBytes).toBe(800);
    expect(peakActivationMemory(quantized(), undefined, { fused: new Set(['MatMul']) }).timeline).toEqual(
      fused.timeline,
    );
  });

  it('names values whose size is open', () => {
    const memory = peakActivationMemory(smallModel([op('Relu', ['x'], ['y'])], { x: ['N', 4] }));
    expect(memory.unknown).toEqual(['x', 'y']);
    expect(peakActivationMemory(smallModel([op('Relu', ['x'], ['y'])], { x: ['N', 4] }), { x: [2, 4] }).peakBytes).toBe(
      64,
    );
  });

  it('is empty for a graph without nodes', () => {
    expect(peakActivationMemory(smallModel([], {}, [], { outputs: [] }))).toEqual({
      peakBytes: 0,
      atNode: '',
      timeline: [],
      unknown: [],
    });
  });
});
