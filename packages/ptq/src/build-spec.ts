import {
  biasScheme,
  InvalidArgumentError,
  type LinearScheme,
  type Provenance,
  perAxis,
  perTensor,
  type QParams,
  type QuantizationSpec,
  type StatisticsBackend,
  type TensorQuantization,
} from '@bitwright/core';
import type { PlacedBias, PlacedWeight, Placement } from '@bitwright/export';
import { graphIndex, type Model, type Tensor, tensorToFloat32 } from '@bitwright/onnx';
import type { Observers } from './calibrate';
import { joinNotes, raiseScales } from './raise-scales';
import type { AnyRangeSelector } from './range-selectors';
import { chooseWeight, chosenQuantization } from './weight-choice';

/** Everything a spec is made from. */
export interface SpecInputs {
  readonly model: Model;
  readonly placement: Placement;
  /** Observers of the leading activation tensors. */
  readonly observers: Observers;
  readonly activationRange: AnyRangeSelector;
  readonly weightRange: AnyRangeSelector;
  /** Tensors whose ranges are selected in another way, by name: leading activations and weights. */
  readonly ranges?: ReadonlyMap<string, AnyRangeSelector> | undefined;
  readonly provenance: Provenance;
  /** Faster searches for ranges, with the same results. */
  readonly backend?: StatisticsBackend | undefined;
}

/**
 * Statistics to a spec: selects ranges, chooses parameters, derives those of pass-through tensors and biases.
 *
 * A bias b is stored as int32 with scale sx·sw. Where |b| would not fit, the weight scale is enlarged until it does:
 *   sx·sw ≥ 1.0001 · 2|b| / (2^32 − 2)
 * Scales below what the target's format carries are raised to it (dead channels).
 *
 * @throws {NotCalibratedError} when an activation was never observed
 * @see algorithms of onnxruntime.quantization (bias overflow rule); docs/numerics.md
 */
export function buildSpec(inputs: SpecInputs): QuantizationSpec {
  const { model, placement, provenance } = inputs;
  const tensors: Record<string, TensorQuantization> = {};
  for (const placed of placement.activations.values()) {
    if (placed.leader === placed.tensor) tensors[placed.tensor] = activation(placed.tensor, placed.scheme, inputs);
  }
  for (const placed of placement.activations.values()) {
    const leader = tensors[placed.leader];
    if (placed.leader === placed.tensor || leader === undefined) continue;
    tensors[placed.tensor] = Object.freeze<TensorQuantization>({
      ...leader,
      origin: { source: 'derived', from: [placed.leader] },
    });
  }
  const constant = constantReader(model);
  for (const placed of placement.weights.values())
    tensors[placed.tensor] = weight(placed, constant(placed.tensor), inputs);
  for (const placed of placement.biases.values()) enlargeWeightScale(placed, tensors, constant(placed.tensor));
  for (const placed of placement.biases.values()) tensors[placed.tensor] = bias(placed, tensors);
  return Object.freeze({
    version: 1,
    target: placement.target.id,
    tensors,
    nodes: Object.fromEntries(placement.nodes),
    provenance,
  });
}

function activation(tensor: string, scheme: LinearScheme, inputs: SpecInputs): TensorQuantization {
  const observer = inputs.observers.get(tensor);
  if (observer === undefined) {
    throw new InvalidArgumentError({
      operation: '[ptq] buildSpec',
      expected: `statistics of tensor "${tensor}"`,
      received: 'none',
    });
  }
  const selector = inputs.ranges?.get(tensor) ?? inputs.activationRange;
  const range = selector.selectRange(observer.stats(), scheme, inputs.backend);
  return raiseScales(
    chosenQuantization('activation', scheme, range, 'calibration', selector.id),
    inputs.placement.target,
  );
}

function weight({ tensor, scheme }: PlacedWeight, constant: Tensor, inputs: SpecInputs): TensorQuantization {
  const selector = inputs.ranges?.get(tensor) ?? inputs.weightRange;
  const chosen = chooseWeight(tensor, scheme, constant, selector, inputs.backend);
  return raiseScales(chosen, inputs.placement.target);
}

function enlargeWeightScale(placed: PlacedBias, tensors: Record<string, TensorQuantization>, tensor: Tensor): void {
  const x = tensors[placed.activation];
  const w = tensors[placed.weight];
  if (x === undefined || w === undefined) return;
  const values = tensorToFloat32(tensor);
  const scaleX = x.qparams.scale[0] as number;
  const scale = w.qparams.scale.slice();
  let isEnlarged = false;
  for (let i = 0; i < values.length; i++) {
    const c = scale.length === 1 ? 0 : i;
    const smallest = (1.0001 * 2 * Math.abs(values[i] as number)) / (2 ** 32 - 2);
    if (scaleX * (scale[c] as number) >= smallest) continue;
    scale[c] = smallest / scaleX;
    isEnlarged = true;
  }
  if (!isEnlarged) return;
  tensors[placed.weight] = Object.freeze({
    ...w,
    qparams: { ...w.qparams, scale },
    origin: {
      ...w.origin,
      note: joinNotes(w.origin.note, `scale enlarged so that bias "${placed.tensor}" fits int32`),
    },
  });
}

/** scale_b[c] = fround(scale_x · scale_w[c]), zero point 0. */
function bias(placed: PlacedBias, tensors: Readonly<Record<string, TensorQuantization>>): TensorQuantization {
  const scaleX = tensors[placed.activation]?.qparams.scale[0] ?? 1;
  const scaleW = tensors[placed.weight]?.qparams.scale ?? Float32Array.of(1);
  const scale = Float32Array.from(scaleW, (s) => Math.fround(scaleX * s));
  const qparams: QParams = { scale, zeroPoint: new Int32Array(scale.length) };
  const scheme = biasScheme(scale.length === 1 ? perTensor : perAxis(placed.axis));
  return Object.freeze<TensorQuantization>({
    role: 'bias',
    scheme,
    qparams,
    origin: { source: 'derived', from: [placed.activation, placed.weight] },
  });
}

function constantReader(model: Model): (name: string) => Tensor {
  const index = model.graph === undefined ? undefined : graphIndex(model.graph);
  return (name) => {
    const tensor = index?.initializer(name);
    if (tensor === undefined) {
      throw new InvalidArgumentError({
        operation: '[ptq] buildSpec',
        expected: `an initializer "${name}"`,
        received: 'none',
      });
    }
    return tensor;
  };
}
