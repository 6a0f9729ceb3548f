import type { Target } from '@bitwright/core';
import { type Placement, planPlacement } from '@bitwright/export';
import { encodeModel, type Model } from '@bitwright/onnx';
import { type EqualizeOptions, equalizeWeights } from './equalization/equalize-weights';
import { exclusionFilter } from './exclusions';
import { type PreparedModel, prepareModel } from './prepare-model';
import { type LowBitOptions, lowBitSchemes } from './rounding/low-bit-schemes';

/** A prepared float model and where its quantizers go: everything that is decided before data are looked at. */
export interface QuantizationPlan {
  /** The model as the user gave it. */
  readonly original: Model;
  /** BatchNorm folded, nodes named: the names of placement and spec refer to it. */
  readonly model: Model;
  /** What preparation changed. */
  readonly changes: readonly string[];
  readonly placement: Placement;
  /** The same before bits were reduced. */
  readonly wide: Placement;
  /** Tensors to observe: the leading activation tensors of the placement. */
  readonly observed: readonly string[];
}

export interface PlanOptions {
  readonly target: Target;
  readonly exclude?: readonly string[] | undefined;
  readonly shapes?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Cross-layer equalization before anything else. Default false. */
  readonly equalize?: boolean | EqualizeOptions | undefined;
  /** Fewer than 8 bits for weights or activations. Default 8 and 8. */
  readonly bits?: LowBitOptions | undefined;
}

/**
 * Prepares a model and plans where quantizers go.
 *
 * @throws {ModelFormatError} for an invalid or already quantized model
 * @throws {InvalidArgumentError} for an exclusion that matches nothing
 */
export function planQuantization(original: Model, options: PlanOptions): QuantizationPlan {
  const prepared = prepareModel(original);
  const { model, changes } = options.equalize ? equalized(prepared, options.equalize) : prepared;
  return planPrepared({ original, model, changes }, options);
}

/** The plan of a model that is prepared already: after its weights or biases were changed. */
export function planPrepared(
  prepared: Pick<QuantizationPlan, 'original' | 'model' | 'changes'>,
  options: PlanOptions,
): QuantizationPlan {
  const { target, exclude = [], shapes, bits } = options;
  const { model } = prepared;
  const isExcluded = exclusionFilter(exclude, model.graph?.node ?? []);
  const eight = planPlacement(model, {
    target,
    isExcluded: (node) => isExcluded(node) || bits?.layers?.get(node.name)?.weightBits === 32,
    ...(shapes === undefined ? {} : { shapes }),
  });
  const placement = bits === undefined ? eight : lowBitSchemes(model, eight, bits);
  return { ...prepared, placement, wide: eight, observed: observedTensors(placement) };
}

/** SHA-256 (hexadecimal) of what statistics depend on: the prepared model, the tensors, the observer and the batch size. */
export async function planHash(plan: QuantizationPlan, observer: string, batchSize: number): Promise<string> {
  const bytes = encodeModel(plan.model);
  const text = new TextEncoder().encode(JSON.stringify({ observer, batchSize, observed: plan.observed }));
  const all = new Uint8Array(bytes.length + text.length);
  all.set(bytes);
  all.set(text, bytes.length);
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// — internals —

function equalized(prepared: PreparedModel, options: true | EqualizeOptions): PreparedModel {
  const { model, pairs } = equalizeWeights(prepared.model, options === true ? {} : options);
  const changes = pairs.map(
    ({ tensor, spreadBefore, spreadAfter }) =>
      `equalizeWeights: channels of "${tensor}", range spread ${spreadBefore.toPrecision(3)} to ${spreadAfter.toPrecision(3)}`,
  );
  return { model, changes: [...prepared.changes, ...changes] };
}

function observedTensors(placement: Placement): readonly string[] {
  return [...placement.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
}
