import { int8PerChannelWeight, uint8Activation } from '../../presets';
import { deepFreeze } from '../deep-freeze';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';
import { onnxruntimeConstraints, onnxruntimeWeightOnly } from './onnxruntime-constraints';
import { onnxruntimePlacement } from './onnxruntime-placement';

/**
 * onnxruntime-web's WebGPU provider: weight-only. It multiplies with 4- and 8-bit block weights (MatMulNBits), but has no
 * integer convolution or elementwise kernels: a quantized graph falls back to the wasm provider node by node, with a copy of
 * the tensor each way. So the default plan leaves every operator in float and stores matrix weights in blocks.
 */
export const ortWebWebGpu: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'ort-web-webgpu',
  title: 'onnxruntime-web, WebGPU',
  schemes: { activation: uint8Activation, weight: int8PerChannelWeight, bias: 'float' },
  dtypes: { activation: ['uint8', 'int8'], weight: ['int8', 'uint8'] },
  constraints: /* @__PURE__ */ onnxruntimeConstraints({ qmin: -128, qmax: 127 }),
  weightOnly: onnxruntimeWeightOnly,
  placement: onnxruntimePlacement,
  operators: /* @__PURE__ */ operatorTable({
    float: {
      'the WebGPU provider has no integer kernel; it would fall back to wasm with a copy of the tensor each way': [
        'Conv',
        'ConvTranspose',
        'MatMul',
        'Gemm',
        'Add',
        'Mul',
        'Concat',
        'AveragePool',
        'GlobalAveragePool',
        'Sigmoid',
        'Softmax',
      ],
      'it only moves values, and the operators around it are float': [
        'MaxPool',
        'Relu',
        'Clip',
        'Resize',
        'Reshape',
        'Flatten',
        'Transpose',
        'Squeeze',
        'Unsqueeze',
        'Slice',
        'Split',
        'Gather',
      ],
    },
  }),
  peakMacsPerCycle: {},
  kernelFormats: ['f32', 'f16'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'documentation',
    placement: 'documentation',
    operators: 'documentation',
    sources: [
      'onnxruntime-web 1.24 operator table of the WebGPU provider; release notes of the WebGPU plug-in provider 0.1',
    ],
  },
  notes: [
    'Peak rates depend on the GPU and are not known to a web page.',
    'Block weights shrink the download and the memory traffic; arithmetic is float16 or float32.',
  ],
});
