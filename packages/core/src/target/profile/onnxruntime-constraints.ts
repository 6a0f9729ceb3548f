import { deepFreeze } from '../deep-freeze';
import type { LinearRule } from '../scheme-rule';
import type { TargetConstraints, WeightOnlySupport } from '../target';

const activation: readonly LinearRule[] = [
  {
    kind: 'linear',
    dtypes: ['uint8', 'int8'],
    granularities: ['perTensor'],
    roundings: ['halfEven'],
    saturation: 'within',
    note: 'fewer codes than the type has are saturated by a Clip of the codes, which the ONNX QDQ exporter writes',
  },
];

const otherWeights: readonly LinearRule[] = [
  {
    kind: 'linear',
    dtypes: ['uint8'],
    mappings: ['symmetric'],
    granularities: ['perTensor', 'perAxis'],
    unsignedZero: ['midpoint'],
    note: 'all channels share one zero point',
  },
  { kind: 'linear', dtypes: ['uint8'], mappings: ['asymmetric'], granularities: ['perTensor'] },
];

/**
 * What onnxruntime's CPU provider fuses to integer kernels: 8-bit activations per tensor; int8 weights with zero point 0,
 * per tensor or per output channel; uint8 weights whose channels share one zero point. 16-bit types and zero points that
 * differ by channel stay unfused. `int8Codes` are the int8 weight codes that are right on the CPU.
 */
export function onnxruntimeConstraints(int8Codes: { readonly qmin: number; readonly qmax: number }): TargetConstraints {
  const int8Weights: LinearRule = {
    kind: 'linear',
    dtypes: ['int8'],
    mappings: ['symmetric'],
    granularities: ['perTensor', 'perAxis'],
    codes: int8Codes,
  };
  return deepFreeze({ activation, weight: [int8Weights, ...otherWeights], bias: ['int32', 'float'] });
}

/**
 * Weights in blocks, stored in few bits: MatMulNBits (from DequantizeLinear with block_size along the depth, or written directly).
 */
export const onnxruntimeWeightOnly: WeightOnlySupport = /* @__PURE__ */ deepFreeze<WeightOnlySupport>({
  operators: ['MatMul', 'Gemm'],
  weight: [
    {
      kind: 'linear',
      dtypes: ['int4', 'uint4', 'int8', 'uint8'],
      granularities: ['perGroup'],
      groupSizes: [16, 32, 64, 128, 256],
      note: 'blocks along the depth (axis 0 of a [K,N] weight)',
    },
  ],
});
