import { dequantize } from '@bitwright/core';
import { type LoweringContext, refusal } from '../lowering';

/** Real numbers that a node reads and nothing computes. */
export interface RealConstant {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * The real numbers of a constant input: those of its codes where it is quantized.
 *
 * @throws {UnsupportedOperatorError} when the input is computed, left out, or of whole numbers
 */
export function realConstant({ node, constant }: LoweringContext, i: number): RealConstant {
  const found = constant(i);
  if (found === undefined || found.kind === 'index') {
    throw refusal(node, `a constant of real numbers as input ${i}`, node.inputs[i] ?? 'none');
  }
  const { shape } = found;
  if (found.kind === 'real') return { data: found.data, shape };
  const { scheme, qparams } = found.quantization;
  return { data: dequantize(found.data, shape, scheme, qparams), shape };
}

/** The same; undefined where the node leaves the input out. */
export function optionalReals(context: LoweringContext, i: number): RealConstant | undefined {
  return (context.node.inputs[i] ?? '') === '' ? undefined : realConstant(context, i);
}
