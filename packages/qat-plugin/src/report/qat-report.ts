import type { GraphPlan } from '../graph/plan';

/** What became of one layer, and why. */
export interface LayerReport {
  readonly layer: string;
  readonly className: string;
  readonly kind: string;
  readonly operator?: string;
  readonly reason?: string;
  /** `kernel: lsq, 4 bits`. */
  readonly weights: readonly string[];
}

/** A tensor between layers that is quantized. */
export interface TensorReport {
  readonly tensor: string;
  readonly quantizer: string;
  readonly bits: number;
  readonly qmin: number;
  readonly qmax: number;
}

/** Every decision of prepareQat; plain JSON. */
export interface QatReport {
  readonly target: string;
  readonly layers: readonly LayerReport[];
  readonly tensors: readonly TensorReport[];
}

/** The report of a plan, nested graphs included. */
export function reportOf(target: string, plan: GraphPlan): QatReport {
  return { target, layers: layersOf(plan), tensors: tensorsOf(plan) };
}

// — internals —

function layersOf(plan: GraphPlan): LayerReport[] {
  return [...plan.layers].flatMap(([name, { path, className, kind, operator, reason, weights }]) => {
    const nested = plan.nested.get(name);
    const own: LayerReport = {
      layer: path,
      className,
      kind,
      ...(operator === undefined ? {} : { operator }),
      ...(reason === undefined ? {} : { reason }),
      weights: weights.map(
        ({ variable, slot }) => `${variable}: ${slot.quantizer.type}, codes ${slot.codes.qmin}…${slot.codes.qmax}`,
      ),
    };
    return nested === undefined ? [own] : [own, ...layersOf(nested)];
  });
}

function tensorsOf(plan: GraphPlan): TensorReport[] {
  const own = plan.tensors.map(({ slot }) => ({
    tensor: slot.tensor,
    quantizer: slot.quantizer.type,
    bits: Math.max(1, Math.round(Math.log2(slot.codes.qmax - slot.codes.qmin + 1))),
    ...slot.codes,
  }));
  return [...own, ...[...plan.nested.values()].flatMap(tensorsOf)];
}
