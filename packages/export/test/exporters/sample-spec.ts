import type { QuantizationSpec, Target } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { planPlacement } from '../../src';
import { specFor } from '../spec-for';
import { residualModel } from '../toy-models';

/** Ranges of the residual network on inputs in [-1, 1), rounded up. */
export const residualRanges = {
  x: [-1, 1],
  c1: [-8, 8],
  r1: [0, 6],
  c2: [-12, 12],
  sum: [-12, 12],
  r2: [0, 12],
  pool: [0, 6],
  logits: [-9, 9],
} as const;

/** The residual network with a spec made for a target. */
export function sampleSpec(target: Target): { readonly model: Model; readonly spec: QuantizationSpec } {
  const model = residualModel();
  return { model, spec: specFor(model, planPlacement(model, { target }), residualRanges) };
}
