import { getInt, getInts, type Node } from '@bitwright/onnx';
import { padding } from '../schema/operators';
import { dimsOf } from './constant-data';
import {
  addTensor,
  arrange,
  constantOf,
  emitReshape,
  type LoweringContext,
  type Mode,
  readValue,
  sizeOf,
} from './context';
import { layerConstants, type WeightLayout } from './layer-constants';
import type { OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { channelsLast, type TensorSize, type Value } from './value';
import { imageSize, padInput, readWindow } from './window';
import { writeResult } from './write-result';

/** Conv: CONV_2D with filters [O, H, W, I/g], or DEPTHWISE_CONV_2D with one filter [1, H, W, O]; 1-D as images of height 1. */
export const convolutionLowering: OperatorLowering = {
  opTypes: ['Conv'],
  lower(node, mode, context) {
    const weight = constantOf(context, node.input[1]);
    if (weight === undefined) throw refuse(node, 'a constant weight', `"${node.input[1]}"`);
    const dims = dimsOf(weight);
    const spatial = dims.slice(2);
    const plain = readValue(context, node, 0, mode);
    const arranged = arrange(context, plain, channelsLast(dims.length));
    const image = spatial.length === 1 ? asImage(context, arranged) : arranged;
    const window = readWindow(node, spatial, imageSize(image));
    const padded = padInput(context, node, image, window);
    const groups = getInt(node, 'group', 1);
    const channels = image.shape[3] ?? 1;
    const isDepthwise = groups > 1 && groups === channels;
    const filters = isDepthwise ? depthwiseFilters(dims) : denseFilters(dims);
    const constants = layerConstants(context, node, mode, weight, plain, {
      ...filters,
      outputs: dims[0] ?? 0,
      axis: 0,
    });
    const options = {
      padding: padded.padding,
      strideH: window.strides[0],
      strideW: window.strides[1],
      dilationH: window.dilations[0],
      dilationW: window.dilations[1],
    };
    const operands = [padded.input.tensor, ...constants];
    const emit = (result: Value, activation: number): void => {
      if (isDepthwise) {
        const depthMultiplier = (dims[0] ?? 0) / groups;
        context.builder.operator('DEPTHWISE_CONV_2D', operands, [result.tensor], {
          ...options,
          depthMultiplier,
          activation,
        });
      } else context.builder.operator('CONV_2D', operands, [result.tensor], { ...options, activation });
    };
    writeImage(context, node, mode, spatial.length, emit);
  },
};

/** ConvTranspose without groups: TRANSPOSE_CONV with filters [O, H, W, I]; pads become a slice of the full result. */
export const transposedConvolutionLowering: OperatorLowering = {
  opTypes: ['ConvTranspose'],
  lower(node, mode, context) {
    const weight = constantOf(context, node.input[1]);
    if (weight === undefined) throw refuse(node, 'a constant weight', `"${node.input[1]}"`);
    const dims = dimsOf(weight);
    if (dims.length !== 4) throw refuse(node, 'a kernel of two axes', `${dims.length - 2}`);
    if (getInt(node, 'group', 1) !== 1) throw refuse(node, 'one group', String(getInt(node, 'group', 1)));
    if (getInts(node, 'output_padding', [0, 0]).some((pad) => pad !== 0)) {
      throw refuse(node, 'no output_padding', `[${getInts(node, 'output_padding', []).join(',')}]`);
    }
    const plain = readValue(context, node, 0, mode);
    const input = arrange(context, plain, channelsLast(4));
    const size = channelsLastSize(context, node, 4);
    const [height = 1, width = 1] = [size.shape[1], size.shape[2]];
    const { strides, kernel, dilations } = readWindow(node, dims.slice(2), [height, width]);
    if (dilations.some((d) => d !== 1)) throw refuse(node, 'no dilation', `[${dilations.join(',')}]`);
    if (size.signature[0] === -1) context.notes.add(`Node "${node.name}" (TRANSPOSE_CONV) fixes the batch to 1.`);
    const full = imageSize(input).map(
      (length, axis) => (length - 1) * (strides[axis] as number) + (kernel[axis] as number),
    );
    const [top = 0, left = 0] = getInts(node, 'pads', [0, 0, 0, 0]);
    const outputs = dims[1] ?? 0;
    const [filter, bias] = layerConstants(context, node, mode, weight, plain, {
      order: [1, 2, 3, 0],
      quantizedDimension: 0,
      outputs,
      axis: 1,
    });
    const fullShape = [size.shape[0] ?? 1, full[0] as number, full[1] as number, outputs];
    const operands = [context.builder.int32s(fullShape), filter as number, input.tensor, bias as number];
    const options = { padding: padding.VALID, strideH: strides[0], strideW: strides[1] };
    const isWhole = full[0] === height && full[1] === width;
    writeResult(
      context,
      node,
      mode,
      size,
      (result, activation) => {
        if (isWhole)
          return context.builder.operator('TRANSPOSE_CONV', operands, [result.tensor], { ...options, activation });
        const name = `${context.builder.tensorAt(result.tensor).name}_full`;
        const whole = addTensor(context, name, { shape: fullShape, signature: fullShape, order: result.order }, result);
        context.builder.operator('TRANSPOSE_CONV', operands, [whole.tensor], { ...options, activation });
        const begin = context.builder.int32s([0, top, left, 0]);
        const end = context.builder.int32s([0, top + height, left + width, 0]);
        const step = context.builder.int32s([1, 1, 1, 1]);
        context.builder.operator('STRIDED_SLICE', [whole.tensor, begin, end, step], [result.tensor], {
          beginMask: 9,
          endMask: 9,
        });
      },
      { canFuse: true },
    );
  },
};

// — internals —

function denseFilters(dims: readonly number[]): Pick<WeightLayout, 'order' | 'shape' | 'quantizedDimension'> {
  const [outputs = 1, inputs = 1, ...spatial] = dims;
  const [height, width] = spatial.length === 1 ? [1, spatial[0] as number] : (spatial as [number, number]);
  return { order: channelsLast(dims.length), shape: [outputs, height, width, inputs], quantizedDimension: 0 };
}

/** [C·m, 1, H, W] → [1, H, W, C·m]. */
function depthwiseFilters(dims: readonly number[]): Pick<WeightLayout, 'order' | 'shape' | 'quantizedDimension'> {
  const [outputs = 1, , ...spatial] = dims;
  const [height, width] = spatial.length === 1 ? [1, spatial[0] as number] : (spatial as [number, number]);
  const order = [1, ...spatial.map((_, i) => i + 2), 0];
  return { order, shape: [1, height, width, outputs], quantizedDimension: 3 };
}

/** [N, L, C] → [N, 1, L, C]. */
function asImage(context: LoweringContext, value: Value): Value {
  const expand = (list: readonly number[]): readonly number[] => [list[0] ?? 1, 1, list[1] ?? 1, list[2] ?? 1];
  const size = { shape: expand(value.shape), signature: expand(value.signature), order: channelsLast(4) };
  const result = addTensor(context, `${context.builder.tensorAt(value.tensor).name}_image`, size, value);
  emitReshape(context, value, result);
  return result;
}

function channelsLastSize(
  context: LoweringContext,
  node: Node,
  rank: number,
): TensorSize & { readonly order: readonly number[] } {
  const order = channelsLast(rank);
  const size = sizeOf(context, node, node.output[0] ?? '');
  return {
    shape: order.map((axis) => size.shape[axis] as number),
    signature: order.map((axis) => size.signature[axis] as number),
    order,
  };
}

/** Writes the result of a 2-D operator; a 1-D one through an image of height 1. */
function writeImage(
  context: LoweringContext,
  node: Node,
  mode: Mode,
  axes: number,
  emit: (result: Value, activation: number) => void,
): void {
  const size = channelsLastSize(context, node, axes + 2);
  if (axes === 2) {
    writeResult(context, node, mode, size, emit, { canFuse: true });
    return;
  }
  writeResult(
    context,
    node,
    mode,
    size,
    (result, activation) => {
      const expand = (list: readonly number[]): readonly number[] => [list[0] ?? 1, 1, list[1] ?? 1, list[2] ?? 1];
      const image = { shape: expand(size.shape), signature: expand(size.signature), order: channelsLast(4) };
      const name = `${context.builder.tensorAt(result.tensor).name}_image`;
      const wide = addTensor(context, name, image, result);
      emit(wide, activation);
      emitReshape(context, wide, result);
    },
    { canFuse: true },
  );
}
