/** Operators of com.microsoft that onnxruntime registers and that quantized models meet. */
const contribOperators: ReadonlySet<string> = new Set(
  (
    'Attention BiasAdd BiasGelu BiasSplitGelu BifurcationDetector CDist ConvTransposeWithDynamicPads CropAndResize ' +
    'DecoderAttention DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention DequantizeBFP DequantizeLinear ' +
    'DynamicQuantizeLSTM DynamicQuantizeMatMul DynamicTimeWarping EPContext EmbedLayerNormalization ExpandDims FastGelu ' +
    'FusedConv FusedGemm FusedMatMul FusedMatMulActivation GatedRelativePositionBias GatherBlockQuantized GatherND Gelu ' +
    'GemmFastGelu GemmFloat8 GemmaRotaryEmbedding GreedySearch GridSample GroupNorm GroupQueryAttention Inverse Irfft ' +
    'LongformerAttention MatMulBnb4 MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits MaxpoolWithMask MoE ' +
    'MulInteger MultiHeadAttention MurmurHash3 NGramRepeatBlock NhwcConv NhwcFusedConv NhwcMaxPool PackedAttention ' +
    'PackedMultiHeadAttention PagedAttention Pad QAttention QGemm QLinearAdd QLinearAveragePool QLinearConcat ' +
    'QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax ' +
    'QLinearWhere QMoE QOrderedAttention QOrderedGelu QOrderedLayerNormalization QOrderedLongformerAttention ' +
    'QOrderedMatMul QuantizeBFP QuantizeLinear QuantizeWithOrder QuickGelu Range ReduceSumInteger RelativePositionBias ' +
    'RemovePadding RestorePadding Rfft RotaryEmbedding SampleOp Sampling SimplifiedLayerNormalization SkipGroupNorm ' +
    'SkipLayerNormalization SkipSimplifiedLayerNormalization Snpe SparseAttention SparseToDenseMatMul Tokenizer ' +
    'TorchEmbedding TransposeMatMul Trilu UnfoldTensor Unique WhisperBeamSearch BeamSearch WordConvEmbedding'
  ).split(' '),
);

/** Whether onnxruntime has the operator in its own domain, com.microsoft. */
export const isContribOperator = (opType: string): boolean => contribOperators.has(opType);
