/*
 * Which operators exist in which version of the ai.onnx operator set, up to opset 28 (from the published operator
 * schemas). Versions at which an operator's definition changed matter to `convertOpset` only and are listed there.
 */

const introduced: readonly (readonly [version: number, operators: string])[] = [
  [
    1,
    'Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv ConvTranspose ' +
      'DepthToSpace Div Dropout Elu Equal Exp Flatten Floor GRU Gather Gemm GlobalAveragePool GlobalLpPool ' +
      'GlobalMaxPool Greater HardSigmoid Hardmax Identity If InstanceNormalization LRN LSTM LeakyRelu Less Log ' +
      'LogSoftmax Loop LpNormalization LpPool MatMul Max MaxPool MaxRoiPool Mean Min Mul Neg Not Or PRelu Pad Pow RNN ' +
      'RandomNormal RandomNormalLike RandomUniform RandomUniformLike Reciprocal ReduceL1 ReduceL2 ReduceLogSum ' +
      'ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Selu Shape ' +
      'Sigmoid Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose ' +
      'Unsqueeze Upsample Xor',
  ],
  [7, 'Acos Asin Atan Cos Multinomial Sin Tan'],
  [8, 'Expand Scan'],
  [
    9,
    'Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool MeanVarianceNormalization NonZero ' +
      'OneHot Scatter Shrink Sign Sinh TfIdfVectorizer Where',
  ],
  [
    10,
    'ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv QLinearMatMul QuantizeLinear ' +
      'Resize ReverseSequence RoiAlign StringNormalizer ThresholdedRelu',
  ],
  [
    11,
    'BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range Round ScatterElements ' +
      'ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength ' +
      'SplitToSequence Unique',
  ],
  [12, 'Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss'],
  [14, 'HardSwish Trilu'],
  [15, 'Bernoulli CastLike Optional OptionalGetElement OptionalHasElement'],
  [16, 'GridSample'],
  [17, 'BlackmanWindow DFT HammingWindow HannWindow LayerNormalization MelWeightMatrix STFT SequenceMap'],
  [18, 'BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im GroupNormalization Mish'],
  [19, 'DeformConv'],
  [20, 'AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit'],
  [23, 'Attention RMSNormalization RotaryEmbedding'],
  [24, 'Swish TensorScatter'],
  [26, 'BitCast CumProd'],
  [27, 'CausalConvWithState LinearAttention'],
  [28, 'SwiGLU'],
];

const firstVersion: ReadonlyMap<string, number> = new Map(
  introduced.flatMap(([version, operators]) => operators.split(' ').map((name) => [name, version] as const)),
);

/** Operators that an opset withdrew, with the one that took over. */
const withdrawn: ReadonlyMap<string, readonly [version: number, successor: string]> = new Map([
  ['Upsample', [10, 'Resize']],
  ['Scatter', [11, 'ScatterElements']],
]);

/** Why an ai.onnx operator may not be used at an opset; undefined when it may. */
export const operatorProblem = (opType: string, opset: number): string | undefined => {
  const since = firstVersion.get(opType);
  if (since === undefined) return 'no opset of ai.onnx has it';
  if (opset < since) return `it exists since opset ${since}`;
  const [gone, successor] = withdrawn.get(opType) ?? [Number.POSITIVE_INFINITY, ''];
  return opset >= gone ? `opset ${gone} withdrew it in favour of ${successor}` : undefined;
};

/** Lowest IR version that may carry an ai.onnx opset. */
export const irVersionForOpset = (opset: number): number => {
  const steps: readonly (readonly [opset: number, ir: number])[] = [
    [25, 13],
    [24, 12],
    [23, 11],
    [21, 10],
    [19, 9],
    [15, 8],
    [12, 7],
    [11, 6],
    [10, 5],
    [9, 4],
  ];
  return steps.find(([first]) => opset >= first)?.[1] ?? 3;
};
