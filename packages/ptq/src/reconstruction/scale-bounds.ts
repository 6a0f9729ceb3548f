import type { QuantizationSpec, Target, TensorQuantization } from '@bitwright/core';
import { type GraphIndex, tensorToFloat32 } from '@bitwright/onnx';
import { smallestScale } from '../raise-scales';
import { clampOf, isClamp } from './find-blocks';
import type { ScaleBounds } from './learned-quantizer';

/** What bounds follow from besides the spec. */
export interface BoundsContext {
  readonly index: GraphIndex;
  /** Biases to start from. */
  readonly start: GraphIndex;
  readonly target: Target;
}

/** A scale moves by this factor at most. */
const largestFactor = 2;

/**
 * Bounds of the scale of an activation while it is learned: a factor of two each way; not beyond a Clip, which would have to stay in the
 * file; not below what the target carries; and not so small that any bias in the model in steps of scale(x)·scale(w) leaves int32, with
 * a factor of two to spare for what it learns. x: the tensor, or one that shares its quantizer behind data movement.
 *
 *   scale(x) ≥ 2·|b| / (scale(w)·2^31)
 */
export function scaleBounds(
  name: string,
  spec: QuantizationSpec,
  { index, start, target }: BoundsContext,
): ScaleBounds {
  const tensor = spec.tensors[name] as TensorQuantization;
  const scale = tensor.qparams.scale[0] as number;
  const high = tensor.scheme.qmax - (tensor.qparams.zeroPoint[0] ?? 0);
  const producer = index.producer(name);
  const ceiling = producer !== undefined && isClamp(producer) ? clampOf(producer, index).max : Number.POSITIVE_INFINITY;
  let least = Math.max(scale / largestFactor, smallestScale(tensor, target));
  for (const [biasName, { role, origin }] of Object.entries(spec.tensors)) {
    const [activation = '', weight = ''] = origin.from ?? [];
    if (role !== 'bias' || leaderOf(activation, spec) !== name) continue;
    const bias = start.initializer(biasName);
    const scaleW = spec.tensors[weight]?.qparams.scale;
    if (bias === undefined || scaleW === undefined) continue;
    for (const [c, b] of tensorToFloat32(bias).entries()) {
      const step = scaleW[scaleW.length === 1 ? 0 : c] as number;
      least = Math.max(least, (2 * Math.abs(b)) / (step * 2 ** 31));
    }
  }
  return { min: Math.min(least, scale), max: Math.max(scale, Math.min(scale * largestFactor, ceiling / high)) };
}

// — internals —

/** The tensor whose quantizer an activation has. */
function leaderOf(activation: string, { tensors }: QuantizationSpec): string {
  const origin = tensors[activation]?.origin;
  return origin?.source === 'derived' ? (origin.from?.[0] ?? activation) : activation;
}
