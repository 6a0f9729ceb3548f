import { int2, int4, linearScheme, ortX64, perGroup, tensorrt11 } from '@bitwright/core';
import { assertValidModel, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { planPlacement, readQdq, writeQdq } from '../src/index';
import { run } from './runtime';
import { specFor } from './spec-for';
import { op, residualModel, toy, weight } from './toy-models';

const dims = [2, 4, 8, 8];

function quantized(target = ortX64): { model: Model; qdq: Model; spec: ReturnType<typeof specFor> } {
  const model = residualModel();
  const spec = specFor(model, planPlacement(model, { target }));
  return { model, qdq: writeQdq(model, spec, target), spec };
}

describe('readQdq', () => {
  for (const target of [ortX64, tensorrt11]) {
    it(`finds the tensors, parameters and codes that were written for ${target.id}`, async () => {
      const { qdq, spec } = quantized(target);
      const read = readQdq(qdq, target.id);
      assertValidModel(read.model);
      expect(Object.keys(read.spec.tensors).length).toBe(Object.keys(spec.tensors).length);
      for (const [name, tensor] of Object.entries(spec.tensors)) {
        const found = read.spec.tensors[name];
        expect(found?.role).toBe(tensor.role);
        expect([...found!.qparams.scale]).toEqual([...tensor.qparams.scale]);
        expect([...found!.qparams.zeroPoint]).toEqual([...tensor.qparams.zeroPoint]);
        expect(found?.scheme.granularity).toEqual(tensor.scheme.granularity);
      }
      // Written again it computes the same: the codes were taken over exactly.
      const again = writeQdq(read.model, read.spec, target);
      const [before, after] = [await run(qdq, dims, 'disabled'), await run(again, dims, 'disabled')];
      expect([...after['logits']!]).toEqual([...before['logits']!]);
    });
  }

  it('leaves a float network without quantizers', () => {
    const operators = readQdq(quantized().qdq).model.graph!.node.map((node) => node.opType);
    expect(operators).toEqual(['Conv', 'Conv', 'Add', 'GlobalAveragePool', 'Flatten', 'Gemm']);
  });

  it('says what it cannot read', () => {
    const lonely = toy({
      nodes: [op('QuantizeLinear', ['x', 's'], ['q']), op('Cast', ['q'], ['y'])],
      initializers: [weight('s', [], 1)],
      outputs: { y: ['N', 4, 8, 8] },
    });
    expect(() => readQdq(lonely)).toThrow('in pairs');
    const dynamic = toy({
      nodes: [
        op('ReduceMax', ['x'], ['s']),
        op('QuantizeLinear', ['x', 's'], ['q']),
        op('DequantizeLinear', ['q', 's'], ['y']),
      ],
      initializers: [],
      outputs: { y: ['N', 4, 8, 8] },
    });
    expect(() => readQdq(dynamic)).toThrow('run time');
  });
});

describe('writeQdq for TensorRT', () => {
  it('places quantizers on inputs, one side of a residual sum, with zero points 0, float biases and paired weights', () => {
    const { qdq, spec } = quantized(tensorrt11);
    expect(Object.keys(spec.tensors).sort()).toEqual(
      ['conv1.w', 'conv2.w', 'fc.w', 'flat', 'pool', 'r1', 'r2', 'x'].sort(),
    );
    const nodes = qdq.graph!.node;
    const sum = nodes.find((node) => node.opType === 'Add')!;
    expect(sum.input[0]).toBe('c2');
    expect(sum.input[1]).toBe('r1_DequantizeLinear_Output');
    expect(nodes.filter((node) => node.opType === 'Relu').length).toBe(2);
    const conv = nodes.find((node) => node.name === 'conv2')!;
    expect(conv.input[2]).toBe('conv2.b');
    const weightPair = nodes.filter((node) => node.name.startsWith('conv2.w_'));
    expect(weightPair.map((node) => node.opType)).toEqual(['QuantizeLinear', 'DequantizeLinear']);
    for (const tensor of Object.values(spec.tensors)) expect(tensor.qparams.zeroPoint.every((z) => z === 0)).toBe(true);
  });
});

describe('writeQdq with blocks', () => {
  for (const [dtype, opset] of [
    [int4, 21],
    [int2, 25],
  ] as const) {
    it(`stores ${dtype.name} weights in blocks along the depth, operator set ${opset}`, async () => {
      const model = toy({
        nodes: [op('MatMul', ['x', 'w'], ['y'])],
        initializers: [weight('w', [70, 8], 1)],
        input: ['N', 70],
        outputs: { y: ['N', 8] },
        opset,
      });
      const scheme = linearScheme({ dtype, mapping: 'symmetric', granularity: perGroup(0, 32) });
      const step = 1 / dtype.qmax;
      const qparams = { scale: new Float32Array(3 * 8).fill(step), zeroPoint: new Int32Array(3 * 8) };
      const spec = {
        ...specFor(model, planPlacement(model, { target: ortX64, isExcluded: () => true })),
        tensors: { w: { role: 'weight' as const, scheme, qparams, origin: { source: 'user' as const } } },
        nodes: { MatMul_y: { kind: 'integer' as const } },
      };
      const qdq = writeQdq(model, spec, ortX64);
      assertValidModel(qdq);
      const float = (await run(model, [2, 70]))['y']!;
      const coarse = (await run(qdq, [2, 70], 'disabled'))['y']!;
      // 70 products, each off by at most half a step times |x| ≤ 1; the sum of squares of a uniform error is far smaller.
      const error = Math.max(...float.map((v, i) => Math.abs(v - coarse[i]!)));
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(70 * 0.5 * step);
      const read = readQdq(qdq).spec.tensors['w'];
      expect(read?.scheme.granularity).toEqual(perGroup(0, 32));
      expect(read?.scheme.dtype).toEqual(dtype);
    });
  }
});
