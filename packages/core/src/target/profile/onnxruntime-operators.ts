import type { OperatorSupport } from './target';

const integer: OperatorSupport = /* @__PURE__ */ Object.freeze({ kind: 'integer' });
const passThrough: OperatorSupport = /* @__PURE__ */ Object.freeze({ kind: 'passThrough' });
const absorbed: OperatorSupport = /* @__PURE__ */ Object.freeze({ kind: 'absorbed' });
const float = (reason: string): OperatorSupport => Object.freeze({ kind: 'float', reason });

const noKernel = 'onnxruntime has no integer kernel for it on CPU';
const notFused = 'onnxruntime does not fuse it between DequantizeLinear and QuantizeLinear';

/**
 * What onnxruntime's CPU provider makes of a QDQ graph at its default optimization level, observed on version 1.30
 * by looking at the optimized graph. Conditions on attributes (Resize mode, Gemm alpha …) are op rules of the exporter.
 */
export const onnxruntimeOperators: Readonly<Record<string, OperatorSupport>> = /* @__PURE__ */ Object.freeze({
  Conv: integer,
  MatMul: integer,
  Gemm: integer,
  Add: integer,
  Mul: integer,
  Concat: integer,
  AveragePool: integer,
  GlobalAveragePool: integer,
  Sigmoid: integer,
  LeakyRelu: integer,
  Softmax: integer,
  Where: integer,
  Relu: absorbed,
  Clip: absorbed,
  MaxPool: passThrough,
  Resize: passThrough,
  Reshape: passThrough,
  Flatten: passThrough,
  Transpose: passThrough,
  Squeeze: passThrough,
  Unsqueeze: passThrough,
  Slice: passThrough,
  Gather: passThrough,
  GatherElements: passThrough,
  Expand: passThrough,
  Tile: passThrough,
  DepthToSpace: passThrough,
  Split: passThrough,
  ReduceMax: passThrough,
  ReduceMin: passThrough,
  ConvTranspose: /* @__PURE__ */ float(noKernel),
  Sub: /* @__PURE__ */ float(noKernel),
  Div: /* @__PURE__ */ float(noKernel),
  ReduceMean: /* @__PURE__ */ float(notFused),
  Pad: /* @__PURE__ */ float(notFused),
  HardSwish: /* @__PURE__ */ float(notFused),
  HardSigmoid: /* @__PURE__ */ float(notFused),
  Tanh: /* @__PURE__ */ float(notFused),
  Gelu: /* @__PURE__ */ float(notFused),
  Erf: /* @__PURE__ */ float(notFused),
  Sqrt: /* @__PURE__ */ float(notFused),
  Pow: /* @__PURE__ */ float(notFused),
  Abs: /* @__PURE__ */ float(notFused),
  InstanceNormalization: /* @__PURE__ */ float(notFused),
  LayerNormalization: /* @__PURE__ */ float(notFused),
});
