import { int8PerChannelWeight, uint8Activation } from '../../presets';
import { deepFreeze } from '../deep-freeze';
import { peaksOf } from '../instruction-set/instruction-set';
import { instructionSets } from '../instruction-set/instruction-sets';
import { operatorTable } from '../operator-table';
import type { Target } from '../target';

/** Names of all code types of 1 to 16 bits. */
function everyDtype(): readonly string[] {
  return Array.from({ length: 16 }, (_, i) => (i === 0 ? ['uint1'] : [`uint${i + 1}`, `int${i + 1}`])).flat();
}

/**
 * No hardware: any number format at any width, simulated. The setting of most papers: inputs and weights of convolution and
 * matrix layers only, first and last layer at 8 bits. For comparing algorithms; says nothing about speed.
 */
export const academic: Target = /* @__PURE__ */ deepFreeze<Target>({
  id: 'academic',
  title: 'academic (anything goes)',
  schemes: { activation: uint8Activation, weight: int8PerChannelWeight, bias: 'float' },
  dtypes: { activation: /* @__PURE__ */ everyDtype(), weight: /* @__PURE__ */ everyDtype() },
  constraints: {
    activation: [{ kind: 'kinds', kinds: ['*'] }],
    weight: [{ kind: 'kinds', kinds: ['*'] }],
    bias: ['float', 'int32', 'powerOfTwo'],
  },
  placement: {
    quantize: 'inputs',
    floatOutputAllowed: ['Conv', 'ConvTranspose', 'MatMul', 'Gemm'],
    weights: 'quantized',
    explicitZeroPoint: true,
    firstAndLastBits: 8,
  },
  operators: /* @__PURE__ */ operatorTable({
    integer: ['Conv', 'ConvTranspose', 'MatMul', 'Gemm'],
    float: {
      'the academic setting quantizes layers with weights only': [
        'Add',
        'Sub',
        'Mul',
        'Div',
        'Concat',
        'MaxPool',
        'AveragePool',
        'GlobalAveragePool',
        'Relu',
        'Clip',
        'Sigmoid',
        'Softmax',
        'HardSwish',
        'Resize',
        'Reshape',
        'Flatten',
        'Transpose',
        'LayerNormalization',
      ],
    },
  }),
  peakMacsPerCycle: /* @__PURE__ */ peaksOf(instructionSets),
  kernelFormats: ['f32', 'bf16', 'f16', 'i16', 'i8', 'i4', 'b1'],
  exporter: 'onnx-qdq',
  evidence: {
    schemes: 'documentation',
    placement: 'documentation',
    operators: 'documentation',
    sources: ['MQBench Academic backend'],
  },
  notes: ['Accuracy measured here is accuracy of a simulation: plan for a real target before shipping.'],
});
