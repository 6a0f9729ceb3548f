import { perAxis, perTensor } from '@bitwright/core';
import { type FloatRole, floatRole, type NodeRoles, type OperatorRule, type RuleContext } from '../operator-rule';
import { maxDepth } from './accumulator-depth';

/** Conv: activation x, weight [O, I/g, k…] per output channel (axis 0), bias int32. */
export const convolutionRule: OperatorRule = {
  opTypes: ['Conv'],
  roles(node, context): NodeRoles | FloatRole {
    const weight = context.constant(node.input[1]);
    if (weight === undefined) return floatRole('its weight is not a constant');
    const depth = weight.dims.slice(1).reduce((product, d) => product * Number(d), 1);
    if (depth > maxDepth) return floatRole(`${depth} products per output overflow the int32 accumulator`);
    const hasBias = context.constant(node.input[2]) !== undefined;
    return {
      form: 'anchor',
      activations: [0],
      weights: [{ input: 1, like: 'weight', granularity: weightGranularity(context, 0, 'Conv') }],
      ...(hasBias ? { bias: { input: 2, activation: 0, weight: 1 } } : {}),
    };
  },
};

/** Per channel along `axis` where the target's weights are per channel for the operator, else per tensor. */
export function weightGranularity(
  { target }: RuleContext,
  axis: number,
  opType: string,
): NodeRoles['weights'][number]['granularity'] {
  const isPerChannel = target.placement.perChannelWeights?.includes(opType) ?? true;
  return isPerChannel && target.schemes.weight.granularity.kind === 'perAxis' ? perAxis(axis) : perTensor;
}
