import { getInt, getInts } from '@bitwright/onnx';
import { arrange, emitReshape, readValue, requantized, sizeOf } from './context';
import { broadcastOperands } from './elementwise';
import type { OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { inOrder, isReshape, onnxOrder, tensorAxis } from './value';
import { publishAlias, writeResult } from './write-result';

/** Reshape, Flatten, Squeeze, Unsqueeze: RESHAPE of the values in ONNX order. */
export const reshapeLowering: OperatorLowering = {
  opTypes: ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'],
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const plainOrder = onnxOrder(value.shape.length);
    // Where only axes of length 1 move, one RESHAPE does both steps.
    const input = isReshape(value, plainOrder) ? value : arrange(context, value, plainOrder);
    const size = sizeOf(context, node, node.output[0] ?? '');
    const order = onnxOrder(size.shape.length);
    writeResult(context, node, mode, { ...size, order }, (result) => emitReshape(context, input, result), {
      params: value.params,
      type: value.type,
    });
  },
};

/** Transpose: the axes get other names, nothing moves. */
export const transposeLowering: OperatorLowering = {
  opTypes: ['Transpose'],
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const rank = value.shape.length;
    const perm = getInts(node, 'perm', [...onnxOrder(rank)].reverse());
    // Axis perm[j] of the input is axis j of the output.
    publishAlias(context, node, mode, { ...value, order: value.order.map((axis) => perm.indexOf(axis)) });
  },
};

/** Identity and Dropout: another name. */
export const identityLowering: OperatorLowering = {
  opTypes: ['Identity', 'Dropout'],
  lower: (node, mode, context) => publishAlias(context, node, mode, readValue(context, node, 0, mode)),
};

/** Concat: all inputs at the parameters of the output, which the kernel demands. */
export const concatLowering: OperatorLowering = {
  opTypes: ['Concat'],
  lower(node, mode, context) {
    const all = node.input.map((_, i) => i);
    const arranged = broadcastOperands(context, node, all, mode);
    const order = arranged[0]?.order ?? [];
    const axis = getInt(node, 'axis', 0);
    const size = sizeOf(context, node, node.output[0] ?? '');
    const result = { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
    writeResult(context, node, mode, result, (output) => {
      const { params } = output;
      const inputs = arranged.map(
        (value) => (params === undefined ? value : requantized(context, value, params)).tensor,
      );
      const options = { axis: tensorAxis({ order }, axis) };
      context.builder.operator('CONCATENATION', inputs, [output.tensor], options);
    });
  },
};

/** DepthToSpace in the order DCR, SpaceToDepth: blocks of an image. */
export const blockLowering: OperatorLowering = {
  opTypes: ['DepthToSpace', 'SpaceToDepth'],
  lower(node, mode, context) {
    const value = arrange(context, readValue(context, node, 0, mode), [0, 2, 3, 1]);
    const kind = node.opType === 'DepthToSpace' ? 'DEPTH_TO_SPACE' : 'SPACE_TO_DEPTH';
    const isOtherOrder = node.attribute.some(({ name, s }) => name === 'mode' && new TextDecoder().decode(s) === 'CRD');
    if (isOtherOrder) throw refuse(node, 'mode DCR', 'CRD');
    const size = sizeOf(context, node, node.output[0] ?? '');
    const { order } = value;
    const result = { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
    const blockSize = getInt(node, 'blocksize', 1);
    writeResult(
      context,
      node,
      mode,
      result,
      (output) => context.builder.operator(kind, [value.tensor], [output.tensor], { blockSize }),
      { params: value.params },
    );
  },
};
