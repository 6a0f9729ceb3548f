import { type FloatRole, floatRole, type NodeRoles, type OperatorRule } from '../operator-rule';

/** Relu and Clip with constant bounds: the output codes of the producer saturate to the same values. */
export const clampRule: OperatorRule = {
  opTypes: ['Relu', 'Clip'],
  roles(node, context): NodeRoles | FloatRole {
    const bounds = node.input.slice(1).filter((name) => name !== '');
    if (bounds.some((name) => context.constant(name) === undefined)) return floatRole('its bounds are not constants');
    return { form: 'absorbed', activations: [0], weights: [] };
  },
};
