import { DataType } from '../../tensor/data-type';
import { broadcastDims } from '../dim';
import type { InferContext, ShapeRule } from '../infer-types';
import { rulesFor, sameAs, sameShape, shaped } from './rule-parts';

const allDims = (c: InferContext): ReturnType<typeof broadcastDims> =>
  broadcastDims(Array.from({ length: c.inputCount }, (_, i) => c.dims(i)));

/** Before opset 7, Add and its kin aligned a smaller second operand by the `axis` attribute; the first shape is the result. */
const broadcast: ShapeRule = (c) => [shaped(c.dataType(0), c.opset < 7 ? c.dims(0) : allDims(c))];
const compare: ShapeRule = (c) => [shaped(DataType.BOOL, c.opset < 7 ? c.dims(0) : allDims(c))];

const withChannelStatistics: ShapeRule = (c) => {
  const channels = c.dims(1);
  const statistics = shaped(c.dataType(1), channels);
  return [c.input(0), statistics, statistics, statistics, statistics];
};

/** Mean and inverse deviation of LayerNormalization keep the rank, with 1 on the normalized axes. */
const layerNormalization: ShapeRule = (c) => {
  const dims = c.dims(0);
  const axis = c.int('axis') ?? -1;
  const first = dims === undefined ? 0 : axis < 0 ? axis + dims.length : axis;
  const reduced = dims?.map((dim, i) => (i < first ? dim : 1));
  const statistics = shaped(DataType.FLOAT, reduced);
  return [c.input(0), statistics, statistics];
};

const quantize: ShapeRule = (c) => {
  const declared = c.int('output_dtype') ?? 0;
  const dataType = c.has(2) ? c.dataType(2) : declared === 0 ? DataType.UINT8 : declared;
  return [shaped(dataType, c.dims(0))];
};

const dequantize: ShapeRule = (c) => {
  const declared = c.int('output_dtype') ?? 0;
  return [shaped(declared === 0 ? c.dataType(1) : declared, c.dims(0))];
};

/** Operators whose output has the shape of an input or of all inputs broadcast. */
export const elementwiseRules: Readonly<Record<string, ShapeRule>> = rulesFor([
  [
    'Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum CumProd Elu Erf Exp Floor Gelu ' +
      'HardSigmoid HardSwish Hardmax Identity InstanceNormalization GroupNormalization RMSNormalization LRN LeakyRelu ' +
      'Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg PRelu Reciprocal Relu Round Selu Shrink ' +
      'Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu ReverseSequence ' +
      'ScatterElements ScatterND Scatter BitShift SimplifiedLayerNormalization ' +
      'com.microsoft:Gelu com.microsoft:FastGelu com.microsoft:QuickGelu com.microsoft:BiasGelu ' +
      'com.microsoft:QLinearSigmoid com.microsoft:QLinearLeakyRelu com.microsoft:QLinearSoftmax ' +
      'com.microsoft:SkipLayerNormalization com.microsoft:SkipSimplifiedLayerNormalization ' +
      'com.microsoft:SimplifiedLayerNormalization com.microsoft:RotaryEmbedding RotaryEmbedding',
    sameAs(0),
  ],
  ['Not IsNaN IsInf', sameShape(0, DataType.BOOL)],
  ['Dropout', (c) => [c.input(0), shaped(c.opset < 10 ? c.dataType(0) : DataType.BOOL, c.dims(0))]],
  ['BatchNormalization', withChannelStatistics],
  ['LayerNormalization', layerNormalization],
  ['Cast', (c) => [shaped(c.int('to') ?? 0, c.dims(0))]],
  ['CastLike', (c) => [shaped(c.dataType(1), c.dims(0))]],
  ['Add Sub Mul Div Pow Mod Max Min Sum Mean BitwiseAnd BitwiseOr BitwiseXor', broadcast],
  ['And Or Xor Equal Greater GreaterOrEqual Less LessOrEqual', compare],
  ['Where', (c) => [shaped(c.dataType(1), broadcastDims([c.dims(0), c.dims(1), c.dims(2)]))]],
  ['com.microsoft:QLinearWhere', (c) => [shaped(c.dataType(1), broadcastDims([c.dims(0), c.dims(1), c.dims(4)]))]],
  [
    'com.microsoft:QLinearAdd com.microsoft:QLinearMul',
    (c) => [shaped(c.dataType(0), broadcastDims([c.dims(0), c.dims(3)]))],
  ],
  ['QuantizeLinear com.microsoft:QuantizeLinear', quantize],
  ['DequantizeLinear com.microsoft:DequantizeLinear', dequantize],
  [
    'DynamicQuantizeLinear',
    (c) => [shaped(DataType.UINT8, c.dims(0)), shaped(DataType.FLOAT, []), shaped(DataType.UINT8, [])],
  ],
  ['RandomNormalLike RandomUniformLike Bernoulli', (c) => [shaped(c.int('dtype') ?? c.dataType(0), c.dims(0))]],
  ['EyeLike', (c) => [shaped(c.int('dtype') ?? c.dataType(0), c.dims(0))]],
]);
