import type { InferContext } from '../../shape/infer-types';
import type { ConstantTensor } from './constant-tensor';

/**
 * Computes a node whose inputs are all constant.
 *
 * @param inputs - one entry per input, undefined where an optional input is left out
 * @param outputDims - inferred shape of each output, undefined where inference could not tell
 * @returns one constant per output, or undefined when this case is not covered: the node then stays
 */
export type Evaluate = (
  context: InferContext,
  inputs: readonly (ConstantTensor | undefined)[],
  outputDims: readonly (readonly number[] | undefined)[],
) => readonly (ConstantTensor | undefined)[] | undefined;
