import { getInt, getString } from '@bitwright/onnx';
import { type FloatRole, floatRole, type NodeRoles, type OperatorRule } from '../operator-rule';

const passThrough: NodeRoles = { form: 'passThrough', activations: [0], weights: [] };

/** Operators that move codes and never compute with them. */
export const passThroughRule: OperatorRule = {
  opTypes: [
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
    'Slice',
    'Gather',
    'GatherElements',
    'Expand',
    'Tile',
    'DepthToSpace',
    'Split',
  ],
  roles(node, context): NodeRoles | FloatRole {
    if (context.constant(node.input[0]) !== undefined) return floatRole('it reads a constant table, which stays float');
    return passThrough;
  },
};

/** MaxPool, ReduceMax, ReduceMin: order-preserving, so they work on codes. */
export const orderPreservingRule: OperatorRule = {
  opTypes: ['MaxPool', 'ReduceMax', 'ReduceMin'],
  roles(node, context): NodeRoles | FloatRole {
    if (node.opType === 'MaxPool' && context.opset < 12) return floatRole('MaxPool takes 8-bit data from opset 12 on');
    if ((node.output[1] ?? '') !== '') return floatRole('its indices are read');
    return passThrough;
  },
};

/** Resize: only nearest neighbour moves codes; interpolation has no integer kernel. */
export const resizeRule: OperatorRule = {
  opTypes: ['Resize'],
  roles(node): NodeRoles | FloatRole {
    const mode = getString(node, 'mode', 'nearest');
    if (mode !== 'nearest') return floatRole(`mode "${mode}" has no integer kernel; nearest has`);
    if (getInt(node, 'antialias', 0) !== 0) return floatRole('antialias has no integer kernel');
    return passThrough;
  },
};
