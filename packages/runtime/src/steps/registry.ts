import type { OperatorLowering } from '../lowering';
import { concat } from './concat';
import { convolution } from './convolution';
import { elementwise } from './elementwise';
import { unaryFunction } from './function';
import { matrixProduct } from './matrix-product';
import { globalPooling, pooling } from './pooling';
import { reshaping, transposition } from './reshaping';
import { resizing } from './resize';
import { padding, slicing, splitting } from './slicing';
import { softmax } from './softmax';

/** Lowerings by operator type. */
export type LoweringRegistry = ReadonlyMap<string, OperatorLowering>;

/** A registry from a list; a later lowering replaces an earlier one of the same operator type. */
export function loweringRegistry(lowerings: readonly OperatorLowering[]): LoweringRegistry {
  return new Map(lowerings.flatMap((each) => each.opTypes.map((opType): [string, OperatorLowering] => [opType, each])));
}

export const defaultLowerings: LoweringRegistry = /* @__PURE__ */ loweringRegistry([
  convolution,
  matrixProduct,
  elementwise,
  unaryFunction,
  pooling,
  globalPooling,
  concat,
  reshaping,
  transposition,
  slicing,
  splitting,
  padding,
  resizing,
  softmax,
]);
