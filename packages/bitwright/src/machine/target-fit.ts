import type { Target } from '@bitwright/core';
import { defaultTarget } from '@bitwright/ptq';
import { hasInt8Products } from './cpu';

/** What onnxruntime's profiles for one architecture ask of the processor beyond it. */
const needs: Readonly<Record<string, (features: readonly string[]) => boolean>> = {
  'ort-x64-avx2': (features) => features.includes('avx2'),
  'ort-x64-vnni': (features) => hasInt8Products(features) === true,
};

/**
 * Whether what onnxruntime measures here is what a user of the target will see: the default target of this architecture, or one of its
 * variants whose instructions this processor has.
 */
export function runsHere(
  target: Target,
  features: readonly string[] | undefined,
  base: Target = defaultTarget(),
): boolean {
  if (target.id === base.id) return true;
  return target.id.startsWith(`${base.id}-`) && needs[target.id]?.(features ?? []) === true;
}

/**
 * What to tell who did not choose a target: the default suits every processor of the architecture, at the price of 7-bit weights
 * where one without 8-bit dot products would saturate; this one has them.
 */
export function targetHint(target: Target, features: readonly string[] | undefined): string | undefined {
  if (target.id !== 'ort-x64' || hasInt8Products(features) !== true) return undefined;
  return `weights use 7 of 8 bits, so that the file is right on every x86-64 processor; where all have 8-bit dot products, as this one, --target ort-x64-vnni uses them all`;
}
