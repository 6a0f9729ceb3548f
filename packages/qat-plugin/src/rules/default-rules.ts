import { activationOf, activationOperator } from './activation-operators';
import type { LayerRule, WeightRule } from './layer-rule';

const kernel = (channelAxes: readonly number[], onnxAxis: number): WeightRule => ({
  variable: 'kernel',
  channelAxes,
  onnxAxis,
});

const convolution = (rank: 1 | 2 | 3): LayerRule => ({
  kind: 'quantize',
  operator: 'Conv',
  weights: [kernel([rank + 1], 0)],
  quantizesInput: true,
});

const transposed = (rank: 2 | 3): LayerRule => ({
  kind: 'quantize',
  operator: 'ConvTranspose',
  weights: [kernel([rank], 1)],
  quantizesInput: true,
});

const dense: LayerRule = { kind: 'quantize', operator: 'MatMul', weights: [kernel([1], 1)], quantizesInput: true };

const recurrent: LayerRule = {
  kind: 'quantize',
  operator: 'LSTM',
  weights: [kernel([1], 0), { variable: 'recurrent_kernel', channelAxes: [1], onnxAxis: 0 }],
  quantizesInput: false,
  note: 'weights only: activations inside a recurrent layer stay float',
};

const elementwise = (operator: string): LayerRule => ({
  kind: 'quantize',
  operator,
  weights: [],
  quantizesInput: true,
});

const move = (operator: string): LayerRule => ({ kind: 'move', operator });
const float = (reason: string): LayerRule => ({ kind: 'float', reason });
const identity: LayerRule = { kind: 'identity' };
const activation = (operator: string): LayerRule => ({ kind: 'activation', operator: () => operator });

/** One line per layer class of TensorFlow.js. */
export const defaultRules: ReadonlyMap<string, LayerRule> = /* @__PURE__ */ new Map<string, LayerRule>([
  // with weights
  ['Conv1D', /* @__PURE__ */ convolution(1)],
  ['Conv2D', /* @__PURE__ */ convolution(2)],
  ['Conv3D', /* @__PURE__ */ convolution(3)],
  ['Conv2DTranspose', /* @__PURE__ */ transposed(2)],
  ['Conv3DTranspose', /* @__PURE__ */ transposed(3)],
  [
    'DepthwiseConv2D',
    {
      kind: 'quantize',
      operator: 'Conv',
      weights: [{ variable: 'depthwise_kernel', channelAxes: [2, 3], onnxAxis: 0 }],
      quantizesInput: true,
    },
  ],
  [
    'SeparableConv2D',
    {
      kind: 'quantize',
      operator: 'Conv',
      weights: [
        { variable: 'depthwise_kernel', channelAxes: [2, 3], onnxAxis: 0 },
        { variable: 'pointwise_kernel', channelAxes: [3], onnxAxis: 0 },
      ],
      quantizesInput: true,
      note: 'the tensor between its depthwise and its pointwise convolution stays float',
    },
  ],
  ['Dense', dense],
  [
    'Embedding',
    {
      kind: 'quantize',
      operator: 'Gather',
      weights: [{ variable: 'embeddings', channelAxes: [0], onnxAxis: 0 }],
      quantizesInput: false,
    },
  ],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['SimpleRNN', recurrent],
  ['Bidirectional', recurrent],
  ['TimeDistributed', float('wrap the inner layer of TimeDistributed instead: apply it to a reshaped tensor')],
  // without
  ['Add', /* @__PURE__ */ elementwise('Add')],
  ['Multiply', /* @__PURE__ */ elementwise('Mul')],
  ['Concatenate', /* @__PURE__ */ elementwise('Concat')],
  ['AveragePooling1D', /* @__PURE__ */ elementwise('AveragePool')],
  ['AveragePooling2D', /* @__PURE__ */ elementwise('AveragePool')],
  ['GlobalAveragePooling1D', /* @__PURE__ */ elementwise('GlobalAveragePool')],
  ['GlobalAveragePooling2D', /* @__PURE__ */ elementwise('GlobalAveragePool')],
  ['MaxPooling1D', /* @__PURE__ */ move('MaxPool')],
  ['MaxPooling2D', /* @__PURE__ */ move('MaxPool')],
  ['MaxPooling3D', /* @__PURE__ */ move('MaxPool')],
  ['GlobalMaxPooling1D', /* @__PURE__ */ move('ReduceMax')],
  ['GlobalMaxPooling2D', /* @__PURE__ */ move('ReduceMax')],
  ['UpSampling2D', /* @__PURE__ */ move('Resize')],
  ['Flatten', /* @__PURE__ */ move('Flatten')],
  ['Reshape', /* @__PURE__ */ move('Reshape')],
  ['Permute', /* @__PURE__ */ move('Transpose')],
  ['RepeatVector', /* @__PURE__ */ move('Expand')],
  ['Cropping2D', /* @__PURE__ */ move('Slice')],
  ['ZeroPadding2D', /* @__PURE__ */ move('Pad')],
  // activations
  ['Activation', { kind: 'activation', operator: (config) => activationOperator(activationOf(config)) }],
  ['ReLU', { kind: 'activation', operator: ({ maxValue }) => (typeof maxValue === 'number' ? 'Clip' : 'Relu') }],
  ['LeakyReLU', /* @__PURE__ */ activation('LeakyRelu')],
  ['PReLU', /* @__PURE__ */ activation('PRelu')],
  ['ELU', /* @__PURE__ */ activation('Elu')],
  ['ThresholdedReLU', /* @__PURE__ */ activation('ThresholdedRelu')],
  ['Softmax', /* @__PURE__ */ activation('Softmax')],
  // others
  ['BatchNormalization', { kind: 'batchNorm' }],
  ['Dropout', identity],
  ['SpatialDropout1D', identity],
  ['GaussianNoise', identity],
  ['GaussianDropout', identity],
  ['AlphaDropout', identity],
  ['Masking', identity],
  ['LayerNormalization', /* @__PURE__ */ float('normalization over features has no integer kernel')],
  ['Average', /* @__PURE__ */ float('no target runs an average of tensors on integers')],
  ['Maximum', /* @__PURE__ */ float('no target runs an elementwise maximum on integers')],
  ['Minimum', /* @__PURE__ */ float('no target runs an elementwise minimum on integers')],
  ['Dot', /* @__PURE__ */ float('a product of two activations is not built')],
  ['ConvLSTM2D', /* @__PURE__ */ float('convolutional recurrent layers are not built')],
]);

/** The same rules with one added or replaced: for a layer class of your own. */
export function withRule(
  className: string,
  rule: LayerRule,
  rules: ReadonlyMap<string, LayerRule> = defaultRules,
): ReadonlyMap<string, LayerRule> {
  return new Map([...rules, [className, rule]]);
}
