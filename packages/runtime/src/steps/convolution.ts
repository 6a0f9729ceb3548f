import type { QuantizedArray } from '@bitwright/core';
import { arranged } from '../convert-value';
import { copyStrided, denseStrides } from '../copy-strided';
import { intOf, type LoweringContext, type OperatorLowering, only, refusal, type Step } from '../lowering';
import { imageShapeOf, nodeWindow, outputSize, tensorShapeOf } from './image-window';
import { integerWeights, type ProductWeights, productResult } from './product-weights';
import { realConvolution } from './real-convolution';

/** Conv over one or two spatial axes, grouped and depthwise ones too. */
export const convolution: OperatorLowering = {
  opTypes: ['Conv'],
  lower(context) {
    const weights = integerWeights(context, 0);
    return weights === undefined ? realConvolution(context) : integerConvolution(context, weights);
  },
};

// — internals —

function integerConvolution(context: LoweringContext, weights: ProductWeights): Step {
  const { node, operators } = context;
  const input = context.inputCodes(0);
  if (input === undefined) throw refusal(node, 'an input on a grid', 'real numbers');
  const [o = 1, c = 1, ...kernelShape] = weights.shape;
  const window = nodeWindow(node, kernelShape);
  const [kh, kw] = window.kernel;
  const prepared = operators.convolution({
    weight: channelsLast(weights.codes, [o, c, kh, kw]),
    weightShape: [o, kh, kw, c],
    weightZeroPoint: weights.zeroPoint,
    groups: intOf(node, 'group', 1),
    dilations: window.dilations,
  });
  const { codes, ...result } = productResult(context, input, weights.scale);
  const { strides } = window;
  return (inputs, run) => {
    const x = arranged(only(inputs, node), 'channelsLast', run);
    if (x.kind === 'real') throw refusal(node, 'codes', 'real numbers');
    const inputShape = imageShapeOf(node, x.shape);
    const [n, h, w] = inputShape;
    const shape = tensorShapeOf([n, ...outputSize(window, h, w), o], x.shape.length);
    const arrangement = { shape, order: 'channelsLast' } as const;
    const y = codes === undefined ? run.newReal(arrangement) : run.newCodes(arrangement, codes);
    const pads = window.pads(h, w);
    prepared.run({ ...result, input: x.data, inputShape, inputZeroPoint: input.zeroPoint, strides, pads }, y.data);
    return [y];
  };
}

/** [O, C, KH, KW] to [O, KH, KW, C]. */
function channelsLast(
  codes: QuantizedArray,
  [o, c, kh, kw]: readonly [number, number, number, number],
): QuantizedArray {
  const out = codes.slice() as QuantizedArray;
  const [byOutput, byChannel, byRow, byColumn] = denseStrides([o, c, kh, kw]) as [number, number, number, number];
  copyStrided(
    [o, kh, kw, c],
    { data: codes, offset: 0, strides: [byOutput, byRow, byColumn, byChannel] },
    { data: out, offset: 0, strides: denseStrides([o, kh, kw, c]) },
  );
  return out;
}
