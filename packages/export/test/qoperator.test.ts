import { ortX64 } from '@bitwright/core';
import { assertValidModel, intAttribute, intsAttribute, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { planPlacement, qdqToQOperator, qOperatorToQdq, readQdq, writeQdq, writeQOperator } from '../src/index';
import { executedOperators, run } from './runtime';
import { specFor } from './spec-for';
import { conv, op, residualModel, toy, weight } from './toy-models';

const dims = [2, 4, 8, 8];

/** conv – sigmoid – concat with a pool – leaky relu – mul – average pool – conv – softmax-free end: one of each operator. */
function manyOperators(): Model {
  return toy({
    nodes: [
      conv('conv1', 'x', 'c1'),
      op('Sigmoid', ['c1'], ['s']),
      op('MaxPool', ['c1'], ['m'], {
        attributes: [intsAttribute('kernel_shape', [3, 3]), intsAttribute('pads', [1, 1, 1, 1])],
      }),
      op('Concat', ['s', 'm'], ['cat'], { attributes: [intAttribute('axis', 1)] }),
      op('LeakyRelu', ['cat'], ['l']),
      op('Mul', ['l', 'cat'], ['p']),
      op('AveragePool', ['p'], ['a'], {
        attributes: [intsAttribute('kernel_shape', [2, 2]), intsAttribute('strides', [2, 2])],
      }),
      conv('conv2', 'a', 'c2'),
      op('GlobalAveragePool', ['c2'], ['g']),
      op('Flatten', ['g'], ['f']),
      op('MatMul', ['f', 'fc'], ['logits']),
    ],
    initializers: [
      weight('conv1.w', [4, 4, 3, 3], 1),
      weight('conv1.b', [4], 2),
      weight('conv2.w', [3, 8, 3, 3], 3),
      weight('conv2.b', [3], 4),
      weight('fc', [3, 5], 5),
    ],
    outputs: { logits: ['N', 5] },
  });
}

const models = { residual: residualModel, 'one of each operator': manyOperators };

for (const [name, make] of Object.entries(models)) {
  describe(`integer operators: ${name}`, () => {
    const model = make();
    const spec = specFor(model, planPlacement(model, { target: ortX64 }));
    const qdq = writeQdq(model, spec, ortX64);

    it('compute what onnxruntime computes from the QDQ model', async () => {
      const { model: integer, float } = writeQOperator(model, spec, ortX64);
      assertValidModel(integer);
      expect(float).toEqual([]);
      const [expected, actual] = [await run(qdq, dims), await run(integer, dims)];
      expect([...actual['logits']!]).toEqual([...expected['logits']!]);
      // Without optimization the file alone must hold the integer operators.
      const operators = integer.graph!.node.map((node) => node.opType);
      expect(operators.filter((type) => type === 'DequantizeLinear')).toEqual([]);
      expect(operators.filter((type) => type === 'QuantizeLinear').length).toBe(1);
      // Optimized, both forms are the same graph, so neither is slower.
      expect(await executedOperators(integer)).toEqual(await executedOperators(qdq));
    });

    it('read back as the QDQ model they came from', async () => {
      const again = qOperatorToQdq(qdqToQOperator(qdq).model);
      assertValidModel(again);
      const [expected, actual] = [await run(qdq, dims, 'disabled'), await run(again, dims, 'disabled')];
      expect([...actual['logits']!]).toEqual([...expected['logits']!]);
      const scales = (of: Model): string[] =>
        Object.values(readQdq(of).spec.tensors)
          .filter((tensor) => tensor.role === 'weight')
          .map((tensor) => tensor.qparams.scale.join())
          .sort();
      expect(scales(again)).toEqual(scales(qdq));
    });
  });
}

describe('qdqToQOperator', () => {
  it('says which nodes between quantizers stay float', () => {
    const model = toy({
      nodes: [conv('conv1', 'x', 'c1'), op('Tanh', ['c1'], ['t']), conv('conv2', 't', 'y')],
      initializers: [1, 2].flatMap((i) => [weight(`conv${i}.w`, [4, 4, 3, 3], i), weight(`conv${i}.b`, [4], i)]),
      outputs: { y: ['N', 4, 8, 8] },
    });
    const spec = specFor(model, planPlacement(model, { target: ortX64 }));
    const { model: integer, float } = writeQOperator(model, spec, ortX64);
    expect(float).toEqual(['Tanh_t']);
    expect(integer.graph!.node.filter((node) => node.opType === 'QLinearConv').length).toBe(2);
  });

  it('refuses integer operators it does not know when reading', () => {
    const model = toy({
      nodes: [op('QLinearReduceMean', ['x'], ['y'])],
      initializers: [],
      outputs: { y: ['N', 4, 8, 8] },
    });
    expect(() => qOperatorToQdq(model)).toThrow('QLinearReduceMean');
  });
});
