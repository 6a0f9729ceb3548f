import {
  int8,
  type LinearScheme,
  linearScheme,
  makeSpec,
  type QuantizationSpec,
  type TensorQuantization,
} from '@bitwright/core';

/** The tool named in specs that were read back from a file. */
const tool = { name: '@bitwright/export', version: '0.0.0' };

/** A spec of the tensors a file describes; what became of the nodes is not in such files. */
export function recoveredSpec(target: string, tensors: Readonly<Record<string, TensorQuantization>>): QuantizationSpec {
  return makeSpec({ target, tensors, nodes: {}, provenance: { tool } });
}

/** One tensor as a file describes it. */
export function recoveredTensor(
  role: TensorQuantization['role'],
  scheme: LinearScheme,
  scale: ArrayLike<number>,
  zeroPoint: ArrayLike<number> = new Int32Array(scale.length),
): TensorQuantization {
  const qparams = { scale: Float32Array.from(scale), zeroPoint: Int32Array.from(zeroPoint) };
  return Object.freeze<TensorQuantization>({ role, scheme, qparams, origin: { source: 'user' } });
}

/** int8 with zero point 0 and one scale: activations of formats that only carry a range. */
export const symmetricInt8: LinearScheme = /* @__PURE__ */ linearScheme({ dtype: int8, mapping: 'symmetric' });
