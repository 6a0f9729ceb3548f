import { elementCount, type QuantizedArray } from '@bitwright/core';
import { arranged, dequantized } from '../convert-value';
import { copyStrided } from '../copy-strided';
import { floatOf, intOf, type LoweringContext, type OperatorLowering, only, refusal, type Step } from '../lowering';
import { broadcastOperand, broadcastShape } from './operand';
import { integerWeights, type ProductWeights, productResult } from './product-weights';
import { optionalReals, realConstant } from './real-constant';

/** Gemm and MatMul with constant weights; products of two computed tensors are refused. */
export const matrixProduct: OperatorLowering = {
  opTypes: ['Gemm', 'MatMul'],
  lower(context) {
    const { node } = context;
    if (context.constant(1) === undefined) throw refusal(node, 'constant weights', node.inputs[1] ?? 'none');
    if (context.constant(1)?.shape.length !== 2) throw refusal(node, 'a weight matrix', 'other axes');
    if (intOf(node, 'transA', 0) !== 0) throw refusal(node, 'A as it is', 'transA');
    if (floatOf(node, 'alpha', 1) !== 1 || floatOf(node, 'beta', 1) !== 1) {
      throw refusal(node, 'alpha and beta 1', 'others');
    }
    const isRowPerOutput = node.operator === 'Gemm' && intOf(node, 'transB', 0) !== 0;
    const weights = integerWeights(context, isRowPerOutput ? 0 : 1);
    return weights === undefined
      ? realProduct(context, isRowPerOutput)
      : integerProduct(context, weights, isRowPerOutput);
  },
};

// — internals —

function integerProduct(context: LoweringContext, weights: ProductWeights, isRowPerOutput: boolean): Step {
  const { node, operators } = context;
  const input = context.inputCodes(0);
  if (input === undefined) throw refusal(node, 'an input on a grid', 'real numbers');
  const [rows = 1, columns = 1] = weights.shape;
  const [n, k] = isRowPerOutput ? [rows, columns] : [columns, rows];
  const prepared = operators.convolution({
    weight: isRowPerOutput ? weights.codes : transposed(weights.codes, rows, columns),
    weightShape: [n, 1, 1, k],
    weightZeroPoint: weights.zeroPoint,
    groups: 1,
    dilations: [1, 1],
  });
  const { codes, ...result } = productResult(context, input, weights.scale);
  return (inputs, run) => {
    const a = arranged(only(inputs, node), 'plain', run);
    if (a.kind === 'real') throw refusal(node, 'codes', 'real numbers');
    const outer = a.shape.slice(0, -1);
    const arrangement = { shape: [...outer, n], order: 'plain' } as const;
    const y = codes === undefined ? run.newReal(arrangement) : run.newCodes(arrangement, codes);
    prepared.run(
      {
        ...result,
        input: a.data,
        inputShape: [1, 1, elementCount(outer), k],
        inputZeroPoint: input.zeroPoint,
        strides: [1, 1],
        pads: [0, 0, 0, 0],
      },
      y.data,
    );
    return [y];
  };
}

/** A product that the plan leaves in real numbers: sums in float64, rounded once. */
function realProduct(context: LoweringContext, isRowPerOutput: boolean): Step {
  const { node } = context;
  const { data: weights, shape: weightShape } = realConstant(context, 1);
  const [rows = 1, columns = 1] = weightShape;
  const [n, k] = isRowPerOutput ? [rows, columns] : [columns, rows];
  const [nStep, kStep] = isRowPerOutput ? [k, 1] : [1, n];
  const bias = optionalReals(context, 2);
  const spread = broadcastOperand(context, 2);
  return (inputs, run) => {
    const a = dequantized(arranged(only(inputs, node), 'plain', run), run);
    const outer = a.shape.slice(0, -1);
    const shape = [...outer, n];
    const y = run.newReal({ shape, order: 'plain' });
    if (bias !== undefined && broadcastShape(shape, bias.shape)?.join() !== shape.join()) {
      throw refusal(node, `a bias that spreads over [${shape.join(',')}]`, `shape [${bias.shape.join(',')}]`);
    }
    const added =
      bias === undefined ? undefined : spread({ ...bias, kind: 'real', order: 'plain' }, shape, 'plain', run);
    for (let i = 0; i < y.data.length; i++) {
      const [row, column] = [Math.floor(i / n), i % n];
      let sum = added?.data[i] ?? 0;
      for (let depth = 0; depth < k; depth++) {
        sum += (a.data[row * k + depth] as number) * (weights[column * nStep + depth * kStep] as number);
      }
      y.data[i] = sum;
    }
    return [y];
  };
}

function transposed(codes: QuantizedArray, rows: number, columns: number): QuantizedArray {
  const out = codes.slice() as QuantizedArray;
  copyStrided(
    [columns, rows],
    { data: codes, offset: 0, strides: [1, columns] },
    { data: out, offset: 0, strides: [rows, 1] },
  );
  return out;
}
