import { operatorTable } from '../operator-table';
import type { OperatorSupport } from '../target';

/**
 * What onnxruntime's CPU provider makes of a QDQ graph at its default optimization level, observed on version 1.30
 * by looking at the optimized graph. Conditions on attributes (Resize mode, Gemm alpha …) are op rules of the exporter.
 */
export const onnxruntimeOperators: Readonly<Record<string, OperatorSupport>> = /* @__PURE__ */ operatorTable({
  integer: [
    'Conv',
    'MatMul',
    'Gemm',
    'Add',
    'Mul',
    'Concat',
    'AveragePool',
    'GlobalAveragePool',
    'Sigmoid',
    'LeakyRelu',
    'Softmax',
    'Where',
  ],
  absorbed: ['Relu', 'Clip'],
  passThrough: [
    'MaxPool',
    'Resize',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Slice',
    'Gather',
    'GatherElements',
    'Expand',
    'Tile',
    'DepthToSpace',
    'Split',
    'ReduceMax',
    'ReduceMin',
  ],
  float: {
    'onnxruntime has no integer kernel for it on CPU': ['ConvTranspose', 'Sub', 'Div'],
    'onnxruntime does not fuse it between DequantizeLinear and QuantizeLinear': [
      'ReduceMean',
      'Pad',
      'HardSwish',
      'HardSigmoid',
      'Tanh',
      'Gelu',
      'Erf',
      'Sqrt',
      'Pow',
      'Abs',
      'InstanceNormalization',
      'LayerNormalization',
    ],
  },
});
