import type { Model } from '../message/types';
import { constantToInitializer } from './constant-to-initializer';
import { deduplicateInitializers } from './deduplicate-initializers';
import { eliminateDeadCode } from './eliminate-dead-code';
import { foldBatchNorm } from './fold-batch-norm';
import { type FoldConstantsOptions, foldConstants } from './fold-constants';
import { foldPad } from './fold-pad';
import type { GraphPass, PassResult } from './graph-pass';
import { nameNodes } from './name-nodes';
import { removeIdentity } from './remove-identity';
import { removeInitializersFromInputs } from './remove-initializers-from-inputs';
import { removeNoOps } from './remove-no-ops';

/** The passes of `simplify`, in the order they run. */
export const simplifyPasses: readonly GraphPass<FoldConstantsOptions>[] = Object.freeze([
  removeInitializersFromInputs,
  constantToInitializer,
  removeIdentity,
  foldConstants,
  removeNoOps,
  eliminateDeadCode,
  foldBatchNorm,
  foldPad,
  deduplicateInitializers,
  eliminateDeadCode,
  nameNodes,
]);

/** Rounds after which the pipeline has long settled; each round only finds what the one before uncovered. */
const maxRounds = 10;

/**
 * Brings a model into the form that quantization works on: constants folded, shape chains gone, BatchNormalization and
 * zero padding inside the convolutions, no initializer among the inputs, equal initializers shared, dead code removed,
 * every node named. Runs its passes until none changes anything; a second call changes nothing.
 *
 * Outputs agree with the original to float32 rounding (only the BatchNormalization fold is not exact). Activations
 * that remain keep their names and still hold the same content.
 *
 * @returns the model given, the very same object, when nothing could be simplified
 */
export const simplify = (model: Model, options?: FoldConstantsOptions): PassResult => {
  const changes: string[] = [];
  let current = model;
  for (let round = 0; round < maxRounds; round += 1) {
    const before = changes.length;
    for (const pass of simplifyPasses) {
      const result = pass.run(current, options);
      current = result.model;
      changes.push(...result.changes.map((change) => `${pass.name}: ${change}`));
    }
    if (changes.length === before) break;
  }
  return { model: current, changes };
};
