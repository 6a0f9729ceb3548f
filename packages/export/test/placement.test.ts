import { findTarget, ortX64 } from '@bitwright/core';
import { intsAttribute } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { planPlacement } from '../src';
import { conv, op, residualModel, toy, weight } from './toy-models';

const kinds = (placement: ReturnType<typeof planPlacement>): Record<string, string> =>
  Object.fromEntries([...placement.nodes].map(([name, decision]) => [name, decision.kind]));

describe('planPlacement for onnxruntime', () => {
  it('runs a residual network on integers from its input to its logits', () => {
    const placement = planPlacement(residualModel(), { target: ortX64 });
    expect(kinds(placement)).toEqual({
      conv1: 'integer',
      Relu_r1: 'absorbed',
      conv2: 'integer',
      Add_sum: 'integer',
      Relu_r2: 'absorbed',
      GlobalAveragePool_pool: 'integer',
      Flatten_flat: 'passThrough',
      Gemm_logits: 'integer',
    });
    // No quantizer between a producer and the Relu it absorbs, none on the logits.
    expect([...placement.activations.keys()].sort()).toEqual(['c2', 'flat', 'pool', 'r1', 'r2', 'x']);
    expect(placement.activations.get('flat')?.leader).toBe('pool');
    expect([...placement.weights.keys()].sort()).toEqual(['conv1.w', 'conv2.w', 'fc.w']);
    expect(placement.weights.get('fc.w')?.scheme.granularity).toEqual({ kind: 'perAxis', axis: 1 });
    expect(placement.biases.get('conv2.b')).toMatchObject({ activation: 'r1', weight: 'conv2.w' });
  });

  it('leaves the sums of a residual stream in float where only float operators read them', () => {
    // x + matmul(norm(x)) + matmul(norm(x)), norm in float: the stream never meets an integer reader.
    const model = toy({
      input: ['N', 4, 8],
      nodes: [
        op('Erf', ['x'], ['n1']),
        op('MatMul', ['n1', 'w1'], ['m1']),
        op('Add', ['x', 'm1'], ['s1']),
        op('Erf', ['s1'], ['n2']),
        op('MatMul', ['n2', 'w2'], ['m2']),
        op('Add', ['s1', 'm2'], ['s2']),
        op('Erf', ['s2'], ['y']),
      ],
      initializers: [weight('w1', [8, 8], 1), weight('w2', [8, 8], 2)],
      outputs: { y: ['N', 4, 8] },
    });
    const placement = planPlacement(model, { target: ortX64 });
    expect(kinds(placement)).toMatchObject({
      MatMul_m1: 'integer',
      MatMul_m2: 'integer',
      Add_s1: 'float',
      Add_s2: 'float',
    });
    expect([...placement.activations.keys()].sort()).toEqual(['n1', 'n2']);
  });

  it('gives every operator it leaves in float a reason', () => {
    const model = toy({
      nodes: [
        conv('conv1', 'x', 'c1'),
        op('Tanh', ['c1'], ['t']),
        op('Resize', ['t', '', 'scales'], ['up'], { attributes: [] }),
        op('Softmax', ['c1'], ['y']),
      ],
      initializers: [weight('conv1.w', [4, 4, 3, 3], 1), weight('conv1.b', [4], 2), weight('scales', [4], 3)],
      outputs: { y: ['N', 4, 8, 8], up: ['N', 4, 8, 8] },
    });
    const { nodes } = planPlacement(model, { target: ortX64 });
    expect(nodes.get('Tanh_t')).toMatchObject({ kind: 'float', reason: expect.stringContaining('does not fuse') });
    expect(nodes.get('Resize_up')).toMatchObject({ kind: 'float', reason: 'its input is float' });
    expect(nodes.get('Softmax_y')).toMatchObject({ kind: 'float', reason: expect.stringContaining('model output') });
  });

  it('does not absorb a Relu whose input somebody else reads', () => {
    const model = toy({
      nodes: [
        conv('conv1', 'x', 'c1'),
        op('Relu', ['c1'], ['r']),
        conv('conv2', 'r', 'c2'),
        op('Add', ['c1', 'c2'], ['s']),
        conv('conv3', 's', 'y'),
      ],
      initializers: [1, 2, 3].flatMap((i) => [weight(`conv${i}.w`, [4, 4, 3, 3], i), weight(`conv${i}.b`, [4], i)]),
      outputs: { y: ['N', 4, 8, 8] },
    });
    const { nodes, activations } = planPlacement(model, { target: ortX64 });
    expect(nodes.get('Relu_r')).toMatchObject({ kind: 'float', reason: expect.stringContaining('read by others') });
    expect(activations.has('c1')).toBe(true);
  });

  it('keeps chains of pass-through operators on one set of parameters', () => {
    const model = toy({
      nodes: [
        conv('conv1', 'x', 'c1'),
        op('MaxPool', ['c1'], ['p'], {
          attributes: [intsAttribute('kernel_shape', [2, 2]), intsAttribute('strides', [2, 2])],
        }),
        op('Transpose', ['p'], ['t'], { attributes: [intsAttribute('perm', [0, 1, 3, 2])] }),
        conv('conv2', 't', 'y'),
      ],
      initializers: [1, 2].flatMap((i) => [weight(`conv${i}.w`, [4, 4, 3, 3], i), weight(`conv${i}.b`, [4], i)]),
      outputs: { y: ['N', 4, 4, 4] },
    });
    const { activations } = planPlacement(model, { target: ortX64 });
    expect(['c1', 'p', 't'].map((t) => activations.get(t)?.leader)).toEqual(['c1', 'c1', 'c1']);
  });

  it('says when two nodes cannot share a constant', () => {
    const model = toy({
      nodes: [conv('conv1', 'x', 'c1', false), conv('conv1', 'c1', 'c2', false)]
        .map((node, i) => Object.assign(node, { name: `n${i}` }))
        .concat([op('Add', ['c2', 'conv1.w'], ['y'])]),
      initializers: [weight('conv1.w', [4, 4, 3, 3], 1)],
      outputs: { y: ['N', 4, 8, 8] },
    });
    const { nodes } = planPlacement(model, { target: ortX64 });
    expect(nodes.get('n1')?.kind).toBe('integer');
    expect(nodes.get('Add_y')).toMatchObject({ kind: 'float', reason: expect.stringContaining('shares "conv1.w"') });
  });

  it('quantizes the skip of a sum for TensorRT where a convolution reads it as codes, even behind a float operator', () => {
    const model = toy({
      nodes: [
        conv('conv1', 'x', 'c1'),
        op('Erf', ['c1'], ['e']),
        conv('conv2', 'e', 'c2'),
        op('Add', ['c2', 'e'], ['s']),
        conv('conv3', 's', 'y'),
      ],
      initializers: [1, 2, 3].flatMap((i) => [weight(`conv${i}.w`, [4, 4, 3, 3], i), weight(`conv${i}.b`, [4], i)]),
      outputs: { y: ['N', 4, 8, 8] },
    });
    const { nodes, activations } = planPlacement(model, { target: findTarget('tensorrt-11') });
    expect(nodes.get('Add_s')?.kind).toBe('integer');
    expect([...activations.keys()].sort()).toEqual(['e', 's', 'x']);
  });

  it('plans 6 bits for the 3×3 convolutions that ncnn computes by Winograd, and for no others', () => {
    const model = toy({
      nodes: [
        conv('conv1', 'x', 'c1'),
        op('Conv', ['c1', 'conv2.w'], ['c2'], {
          attributes: [intsAttribute('pads', [1, 1, 1, 1]), intsAttribute('strides', [2, 2])],
        }),
        op('Conv', ['c2', 'conv3.w'], ['y']),
      ],
      initializers: [
        weight('conv1.w', [4, 4, 3, 3], 1),
        weight('conv1.b', [4], 2),
        weight('conv2.w', [4, 4, 3, 3], 3),
        weight('conv3.w', [4, 4, 1, 1], 4),
      ],
      outputs: { y: ['N', 4, 4, 4] },
    });
    const { weights } = planPlacement(model, { target: findTarget('ncnn') });
    const largest = ['conv1.w', 'conv2.w', 'conv3.w'].map((name) => weights.get(name)?.scheme.qmax);
    expect(largest).toEqual([31, 127, 127]);
  });

  it('shares a 3×3 weight for ncnn only between convolutions that need the same bits', () => {
    const sharing = (strides: readonly number[]): ReturnType<typeof planPlacement> => {
      const nodes = strides.map((stride, i) =>
        op('Conv', ['x', 'w'], [`y${i}`], {
          name: `n${i}`,
          attributes: [intsAttribute('pads', [1, 1, 1, 1]), intsAttribute('strides', [stride, stride])],
        }),
      );
      const outputs = Object.fromEntries(strides.map((stride, i) => [`y${i}`, ['N', 4, 8 / stride, 8 / stride]]));
      const model = toy({ nodes, initializers: [weight('w', [4, 4, 3, 3], 1)], outputs });
      return planPlacement(model, { target: findTarget('ncnn') });
    };
    const conflict = { kind: 'float', reason: 'it shares "w" with "n0", which needs another scale' };
    const byWinograd = sharing([1, 2]);
    expect(byWinograd.nodes.get('n1')).toMatchObject(conflict);
    expect(byWinograd.weights.get('w')?.scheme).toMatchObject({ qmin: -31, qmax: 31 });
    const directly = sharing([2, 1]);
    expect(directly.nodes.get('n1')).toMatchObject(conflict);
    expect(directly.weights.get('w')?.scheme).toMatchObject({ qmax: 127 });
    expect(kinds(sharing([1, 1]))).toEqual({ n0: 'integer', n1: 'integer' });
  });
});
