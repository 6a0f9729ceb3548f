import {
  type Attribute,
  floatAttribute,
  foldBatchNorm,
  intAttribute,
  intsAttribute,
  type Model,
  type Node,
  type Tensor,
} from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { relativeDifference, runModel, sineTensor } from './run-in-onnxruntime';
import { noise, op, operators, smallModel } from './small-graph';

/** Weights round once more in float32, which sums of at most 100 products turn into a few 1e-7. */
const tolerance = 1e-5;

const statistics = (channels: number, prefix = 'bn'): Tensor[] => [
  noise(`${prefix}.gamma`, [channels], 1.5),
  noise(`${prefix}.beta`, [channels]),
  noise(`${prefix}.mean`, [channels]),
  noise(`${prefix}.var`, [channels], 1.2),
];
const batchNorm = (
  input: string,
  output: string,
  prefix = 'bn',
  attributes: Attribute[] = [floatAttribute('epsilon', 1e-3)],
): Node =>
  op(
    'BatchNormalization',
    [input, `${prefix}.gamma`, `${prefix}.beta`, `${prefix}.mean`, `${prefix}.var`],
    [output],
    attributes,
  );

const pads = intsAttribute('pads', [1, 1, 1, 1]);
const group = (n: number): Attribute => intAttribute('group', n);
const x = { x: [2, 6, 7, 7] };

interface Case {
  readonly model: Model;
  readonly dims: readonly number[];
  readonly left: readonly string[];
}

const folded: Readonly<Record<string, Case>> = {
  'Conv with bias': {
    model: smallModel([op('Conv', ['x', 'w', 'b'], ['c'], [pads]), batchNorm('c', 'y')], x, [
      noise('w', [4, 6, 3, 3]),
      noise('b', [4]),
      ...statistics(4),
    ]),
    dims: [2, 6, 7, 7],
    left: ['Conv'],
  },
  'Conv without bias': {
    model: smallModel([op('Conv', ['x', 'w'], ['c'], [pads]), batchNorm('c', 'y')], x, [
      noise('w', [4, 6, 3, 3]),
      ...statistics(4),
    ]),
    dims: [2, 6, 7, 7],
    left: ['Conv'],
  },
  'grouped Conv': {
    model: smallModel([op('Conv', ['x', 'w'], ['c'], [group(2)]), batchNorm('c', 'y')], x, [
      noise('w', [4, 3, 3, 3]),
      ...statistics(4),
    ]),
    dims: [2, 6, 7, 7],
    left: ['Conv'],
  },
  'depthwise Conv with multiplier 2': {
    model: smallModel([op('Conv', ['x', 'w'], ['c'], [group(6)]), batchNorm('c', 'y')], x, [
      noise('w', [12, 1, 3, 3]),
      ...statistics(12),
    ]),
    dims: [2, 6, 7, 7],
    left: ['Conv'],
  },
  'ConvTranspose with bias': {
    model: smallModel([op('ConvTranspose', ['x', 'w', 'b'], ['c']), batchNorm('c', 'y')], x, [
      noise('w', [6, 4, 3, 3]),
      noise('b', [4]),
      ...statistics(4),
    ]),
    dims: [2, 6, 7, 7],
    left: ['ConvTranspose'],
  },
  'grouped ConvTranspose': {
    model: smallModel([op('ConvTranspose', ['x', 'w'], ['c'], [group(3)]), batchNorm('c', 'y')], x, [
      noise('w', [6, 2, 3, 3]),
      ...statistics(6),
    ]),
    dims: [2, 6, 7, 7],
    left: ['ConvTranspose'],
  },
  'Gemm with alpha, beta and transB': {
    model: smallModel(
      [
        op(
          'Gemm',
          ['x', 'w', 'b'],
          ['c'],
          [intAttribute('transB', 1), floatAttribute('alpha', 0.5), floatAttribute('beta', 3)],
        ),
        batchNorm('c', 'y'),
      ],
      { x: [5, 8] },
      [noise('w', [4, 8]), noise('b', [4]), ...statistics(4)],
    ),
    dims: [5, 8],
    left: ['Gemm'],
  },
  'Gemm without transB, bias of shape [1,4]': {
    model: smallModel([op('Gemm', ['x', 'w', 'b'], ['c']), batchNorm('c', 'y')], { x: [5, 8] }, [
      noise('w', [8, 4]),
      noise('b', [1, 4]),
      ...statistics(4),
    ]),
    dims: [5, 8],
    left: ['Gemm'],
  },
  'MatMul and Add': {
    model: smallModel(
      [op('MatMul', ['x', 'w'], ['m']), op('Add', ['b', 'm'], ['c']), batchNorm('c', 'y')],
      { x: [5, 8] },
      [noise('w', [8, 4]), noise('b', [4]), ...statistics(4)],
    ),
    dims: [5, 8],
    left: ['MatMul', 'Add'],
  },
  'MatMul alone, which gains an Add': {
    model: smallModel([op('MatMul', ['x', 'w'], ['m']), batchNorm('m', 'y')], { x: [5, 8] }, [
      noise('w', [8, 4]),
      ...statistics(4),
    ]),
    dims: [5, 8],
    left: ['MatMul', 'Add'],
  },
  'the Conv behind it when that does not pad': {
    model: smallModel([batchNorm('x', 'n'), op('Conv', ['n', 'w', 'b'], ['y'])], x, [
      noise('w', [4, 6, 3, 3]),
      noise('b', [4]),
      ...statistics(6),
    ]),
    dims: [2, 6, 7, 7],
    left: ['Conv'],
  },
  'the grouped Conv behind it': {
    model: smallModel([batchNorm('x', 'n'), op('Conv', ['n', 'w'], ['y'], [group(3)])], x, [
      noise('w', [6, 2, 3, 3]),
      ...statistics(6),
    ]),
    dims: [2, 6, 7, 7],
    left: ['Conv'],
  },
  'the Gemm behind it': {
    model: smallModel(
      [batchNorm('x', 'n'), op('Gemm', ['n', 'w', 'b'], ['y'], [floatAttribute('alpha', 2)])],
      { x: [5, 8] },
      [noise('w', [8, 4]), noise('b', [4]), ...statistics(8)],
    ),
    dims: [5, 8],
    left: ['Gemm'],
  },
  'two layers in a row': {
    model: smallModel(
      [
        op('Conv', ['x', 'w'], ['c'], [pads]),
        batchNorm('c', 'n'),
        op('Relu', ['n'], ['r']),
        op('Conv', ['r', 'v'], ['d']),
        batchNorm('d', 'y', 'bn2'),
      ],
      x,
      [noise('w', [4, 6, 3, 3]), noise('v', [3, 4, 1, 1]), ...statistics(4), ...statistics(3, 'bn2')],
    ),
    dims: [2, 6, 7, 7],
    left: ['Conv', 'Relu', 'Conv'],
  },
};

describe('foldBatchNorm', () => {
  for (const [title, { model, dims, left }] of Object.entries(folded)) {
    it(`folds BatchNormalization into ${title}`, async () => {
      const { model: result } = foldBatchNorm.run(model);
      expect(operators(result)).toEqual(left);
      const feeds = { x: sineTensor(dims) };
      expect(relativeDifference(await runModel(model, feeds), await runModel(result, feeds))).toBeLessThan(tolerance);
      expect(foldBatchNorm.run(result)).toEqual({ model: result, changes: [] });
    });
  }

  const w = noise('w', [4, 6, 3, 3]);
  const kept: Readonly<Record<string, Model>> = {
    'the convolution has another reader': smallModel(
      [op('Conv', ['x', 'w'], ['c']), batchNorm('c', 'n'), op('Add', ['c', 'n'], ['y'])],
      x,
      [w, ...statistics(4)],
    ),
    'the convolution is a model output': smallModel(
      [op('Conv', ['x', 'w'], ['c']), batchNorm('c', 'y')],
      x,
      [w, ...statistics(4)],
      { outputs: ['y', 'c'] },
    ),
    'the convolution behind it pads with zeros': smallModel(
      [batchNorm('x', 'n'), op('Conv', ['n', 'w'], ['y'], [pads])],
      x,
      [w, ...statistics(6)],
    ),
    'it trains': smallModel(
      [op('Conv', ['x', 'w'], ['c']), batchNorm('c', 'y', 'bn', [intAttribute('training_mode', 1)])],
      x,
      [w, ...statistics(4)],
    ),
    'its statistics are computed': smallModel(
      [op('Conv', ['x', 'w'], ['c']), op('Abs', ['raw'], ['bn.var']), batchNorm('c', 'y')],
      x,
      [w, ...statistics(4).slice(0, 3), noise('raw', [4])],
    ),
    'the weights are computed': smallModel(
      [op('Abs', ['raw'], ['w']), op('Conv', ['x', 'w'], ['c']), batchNorm('c', 'y')],
      x,
      [noise('raw', [4, 6, 3, 3]), ...statistics(4)],
    ),
    'the product has three axes': smallModel([op('MatMul', ['x', 'w'], ['m']), batchNorm('m', 'y')], { x: [2, 4, 8] }, [
      noise('w', [8, 4]),
      ...statistics(4),
    ]),
  };
  for (const [title, model] of Object.entries(kept)) {
    it(`leaves BatchNormalization alone when ${title}`, () => {
      expect(foldBatchNorm.run(model)).toEqual({ model, changes: [] });
    });
  }

  it('folds before a padded convolution when the offsets are all zero', async () => {
    const [gamma, , , variance] = statistics(6);
    const zero = (name: string): Tensor => {
      const tensor = noise(name, [6]);
      tensor.rawData = new Uint8Array(24);
      return tensor;
    };
    const model = smallModel([batchNorm('x', 'n'), op('Conv', ['n', 'w'], ['y'], [pads])], x, [
      w,
      gamma!,
      variance!,
      zero('bn.beta'),
      zero('bn.mean'),
    ]);
    const { model: result } = foldBatchNorm.run(model);
    expect(operators(result)).toEqual(['Conv']);
    const feeds = { x: sineTensor([2, 6, 7, 7]) };
    expect(relativeDifference(await runModel(model, feeds), await runModel(result, feeds))).toBeLessThan(tolerance);
  });

  it('gives layers that shared a weight their own when only one is folded', async () => {
    const model = smallModel(
      [op('Conv', ['x', 'w'], ['c']), batchNorm('c', 'n'), op('Conv', ['x', 'w'], ['d']), op('Add', ['n', 'd'], ['y'])],
      x,
      [w, ...statistics(4)],
    );
    const { model: result } = foldBatchNorm.run(model);
    expect(operators(result)).toEqual(['Conv', 'Conv', 'Add']);
    const feeds = { x: sineTensor([2, 6, 7, 7]) };
    expect(relativeDifference(await runModel(model, feeds), await runModel(result, feeds))).toBeLessThan(tolerance);
  });
});
