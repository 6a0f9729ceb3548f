import { getString, tensorToFloat32 } from '@bitwright/onnx';
import { type FloatRole, floatRole, type NodeRoles, type OperatorRule } from '../operator-rule';

/** Pad with real 0, which every set of parameters has a code for: it moves codes. */
export const padRule: OperatorRule = {
  opTypes: ['Pad'],
  roles(node, context): NodeRoles | FloatRole {
    const mode = getString(node, 'mode', 'constant');
    if (mode !== 'constant') return floatRole(`mode "${mode}"; constant moves codes`);
    const filler = node.input[2] ?? '';
    if (filler !== '') {
      const tensor = context.constant(filler);
      if (tensor === undefined) return floatRole('its pad value is not a constant');
      if ((tensorToFloat32(tensor)[0] ?? 0) !== 0) return floatRole('its pad value is not 0');
    }
    return { form: 'passThrough', activations: [0], weights: [] };
  },
};
