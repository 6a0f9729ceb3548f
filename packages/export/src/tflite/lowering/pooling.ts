import { getInt, getInts, type Node } from '@bitwright/onnx';
import { padding } from '../schema/operators';
import { arrange, type LoweringContext, type Mode, readValue, sizeOf } from './context';
import type { OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { channelsLast, inOrder, type TensorSize, type Value } from './value';
import { ceilPads, imageSize, padInput, readWindow, type Window } from './window';
import { writeResult } from './write-result';

/**
 * MaxPool and AveragePool over images. The kernels keep scale and zero point; other ones follow as a QUANTIZE. A mean over the
 * whole image is a MEAN, which has scales of its own and so rounds once.
 */
export const poolLowering: OperatorLowering = {
  opTypes: ['MaxPool', 'AveragePool'],
  lower(node, mode, context) {
    const input = imageOf(context, node, mode);
    const image = imageSize(input);
    const kernel = getInts(node, 'kernel_shape', []);
    if (kernel.length !== 2) throw refuse(node, 'a window of two axes', `${kernel.length}`);
    const window = ceilPads(node, readWindow(node, kernel, image), image);
    if (window.dilations.some((d) => d !== 1)) throw refuse(node, 'no dilation', `[${window.dilations.join(',')}]`);
    const isMax = node.opType === 'MaxPool';
    const isWhole = window.kernel.every((size, axis) => size === image[axis]) && window.pads.every((pad) => pad === 0);
    if (!isMax && isWhole) {
      writeGlobal(context, node, mode, input, 'MEAN');
      return;
    }
    const isCounted = getInt(node, 'count_include_pad', 0) !== 0;
    const padded = padInput(context, node, input, window, isMax ? 'lowest' : isCounted ? 'countedZeros' : undefined);
    if (!isMax) refusePaddedMean(node, window, padded.padding);
    const options = {
      padding: padded.padding,
      strideH: window.strides[0],
      strideW: window.strides[1],
      filterHeight: window.kernel[0],
      filterWidth: window.kernel[1],
    };
    writeResult(
      context,
      node,
      mode,
      imageResult(context, node),
      (result, activation) => {
        const kind = isMax ? 'MAX_POOL_2D' : 'AVERAGE_POOL_2D';
        context.builder.operator(kind, [padded.input.tensor], [result.tensor], { ...options, activation });
      },
      { params: input.params, canFuse: true },
    );
  },
};

/** GlobalAveragePool, GlobalMaxPool: MEAN and REDUCE_MAX over height and width. MEAN has scales of its own. */
export const globalPoolLowering: OperatorLowering = {
  opTypes: ['GlobalAveragePool', 'GlobalMaxPool'],
  lower(node, mode, context) {
    const rank = context.fixedTypes.get(node.input[0] ?? '')?.dims?.length ?? 4;
    const input = arrange(context, readValue(context, node, 0, mode), channelsLast(rank));
    writeGlobal(context, node, mode, input, node.opType === 'GlobalAveragePool' ? 'MEAN' : 'REDUCE_MAX');
  },
};

// — internals —

/** A reduction over height and width that keeps the axes. */
function writeGlobal(
  context: LoweringContext,
  node: Node,
  mode: Mode,
  input: Value,
  kind: 'MEAN' | 'REDUCE_MAX',
): void {
  const axes = Array.from({ length: input.shape.length - 2 }, (_, i) => i + 1);
  const options = kind === 'MEAN' ? {} : { params: input.params };
  const emit = (result: Value): void => {
    context.builder.operator(kind, [input.tensor, context.builder.int32s(axes)], [result.tensor], { keepDims: true });
  };
  writeResult(context, node, mode, imageResult(context, node), emit, options);
}

function imageOf(context: LoweringContext, node: Node, mode: Mode): Value {
  const value = readValue(context, node, 0, mode);
  if (value.shape.length !== 4) throw refuse(node, 'an image of four axes', `${value.shape.length} axes`);
  return arrange(context, value, channelsLast(4));
}

function imageResult(context: LoweringContext, node: Node): TensorSize & { readonly order: readonly number[] } {
  const size = sizeOf(context, node, node.output[0] ?? '');
  const order = channelsLast(size.shape.length);
  return { shape: inOrder(size.shape, order), signature: inOrder(size.signature, order), order };
}

/** SAME leaves the padding out of the mean, a PAD in front counts it in: ONNX says which one is wanted. */
function refusePaddedMean(node: Node, { pads }: Window, chosen: number): void {
  const isPadded = pads.some((pad) => pad !== 0);
  if (!isPadded) return;
  const isCounted = getInt(node, 'count_include_pad', 0) !== 0;
  const isRight = isCounted ? chosen === padding.VALID : chosen === padding.SAME;
  const isOneSided = getInt(node, 'ceil_mode', 0) !== 0 && chosen === padding.VALID;
  if (isRight && !isOneSided) return;
  const expected = isCounted ? 'padding that is counted into the mean' : 'pads as TensorFlow’s SAME has them';
  throw refuse(node, expected, `pads [${pads.join(',')}]`);
}
