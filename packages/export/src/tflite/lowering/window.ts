import { getInt, getInts, getString, type Node } from '@bitwright/onnx';
import { padding } from '../schema/operators';
import { addTensor, type LoweringContext } from './context';
import { refuse } from './refusal';
import type { Value } from './value';

/** Height and width. */
const axes = [0, 1] as const;

/** A 2-D window: [height, width] each. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** [top, left, bottom, right]. */
  readonly pads: readonly [number, number, number, number];
}

/** Reads the attributes of a convolution or pool over an image of a size; windows of one axis get a height of 1. */
export function readWindow(node: Node, kernelShape: readonly number[], image: readonly [number, number]): Window {
  const isFlat = kernelShape.length === 1;
  const pair = (name: string): [number, number] => {
    const values = getInts(
      node,
      name,
      kernelShape.map(() => 1),
    );
    return isFlat ? [1, values[0] ?? 1] : [values[0] ?? 1, values[1] ?? 1];
  };
  const kernel: [number, number] = isFlat ? [1, kernelShape[0] ?? 1] : [kernelShape[0] ?? 1, kernelShape[1] ?? 1];
  if (kernelShape.length > 2) throw refuse(node, 'a window of one or two axes', `${kernelShape.length} axes`);
  const [strides, dilations] = [pair('strides'), pair('dilations')];
  const window: Window = { kernel, strides, dilations, pads: [0, 0, 0, 0] };
  const autoPad = getString(node, 'auto_pad', 'NOTSET');
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    return { ...window, pads: samePads(window, image, autoPad === 'SAME_LOWER') };
  }
  const pads = getInts(
    node,
    'pads',
    kernelShape.flatMap(() => [0, 0]),
  );
  const [top = 0, left = 0, bottom = 0, right = 0] = isFlat ? [0, pads[0], 0, pads[1]] : pads;
  return { ...window, pads: autoPad === 'VALID' ? [0, 0, 0, 0] : [top, left, bottom, right] };
}

/** Padding of a convolution of TensorFlow: the output has ⌈size/stride⌉ positions, the odd pad comes last (or first). */
export function samePads(
  { kernel, strides, dilations }: Window,
  image: readonly [number, number],
  isLower = false,
): [number, number, number, number] {
  const [height, width] = axes.map((axis) => {
    const positions = Math.ceil(image[axis] / strides[axis]);
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    const total = Math.max((positions - 1) * strides[axis] + reach - image[axis], 0);
    const small = Math.floor(total / 2);
    return isLower ? [total - small, small] : [small, total - small];
  }) as [[number, number], [number, number]];
  return [height[0], width[0], height[1], width[1]];
}

/** Number of positions of a window along both axes. */
export function windowPositions(
  { kernel, strides, dilations, pads }: Window,
  image: readonly [number, number],
): [number, number] {
  return axes.map((axis) => {
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    return Math.floor((image[axis] + pads[axis] + pads[axis === 0 ? 2 : 3] - reach) / strides[axis]) + 1;
  }) as [number, number];
}

/** Height and width of an NHWC value. */
export function imageSize({ shape }: Value): [number, number] {
  return [shape[1] ?? 1, shape[2] ?? 1];
}

/** How TFLite pads a window, and the input padded beforehand where it cannot. */
export interface PaddedInput {
  readonly input: Value;
  readonly padding: number;
}

/**
 * SAME where that means the pads of the window, VALID where there are none, else VALID behind a PAD with real zeros
 * (`lowest`: the smallest number instead, for max pools; `countedZeros`: never SAME, which leaves padding out of means).
 */
export function padInput(
  context: LoweringContext,
  node: Node,
  input: Value,
  window: Window,
  filler?: 'lowest' | 'countedZeros',
): PaddedInput {
  const { pads } = window;
  const image = imageSize(input);
  if (pads.every((pad) => pad === 0)) return { input, padding: padding.VALID };
  const same = samePads(window, image);
  const positions = windowPositions(window, image);
  const isSame =
    same.every((pad, i) => pad === pads[i]) &&
    positions.every((count, axis) => count === Math.ceil((image[axis] as number) / (window.strides[axis] as number)));
  if (isSame && filler !== 'countedZeros') return { input, padding: padding.SAME };
  if (pads.some((pad) => pad < 0)) throw refuse(node, 'pads of 0 or more', `[${pads.join(',')}]`);
  const { builder } = context;
  const [top, left, bottom, right] = pads;
  const shape = [input.shape[0] ?? 1, image[0] + top + bottom, image[1] + left + right, input.shape[3] ?? 1];
  const signature = [input.signature[0] ?? 1, ...shape.slice(1)];
  const name = `${builder.tensorAt(input.tensor).name}_padded`;
  const padded = addTensor(context, name, { shape, signature, order: input.order }, input);
  const amounts = padAmounts(context, [0, 0, top, bottom, left, right, 0, 0]);
  if (filler !== 'lowest') builder.operator('PAD', [input.tensor, amounts], [padded.tensor]);
  else builder.operator('PADV2', [input.tensor, amounts, lowestOf(context, input)], [padded.tensor]);
  return { input: padded, padding: padding.VALID };
}

/** Constant of shape [rank, 2] with the pads before and behind every axis. */
export function padAmounts({ builder }: LoweringContext, pairs: readonly number[]): number {
  const data = (): Uint8Array => new Uint8Array(Int32Array.from(pairs).buffer);
  return builder.tensor({ name: 'paddings', type: 'INT32', shape: [pairs.length / 2, 2], data });
}

/** Pools with ceil_mode have positions that begin inside the image and end beyond it: pads at the end instead. */
export function ceilPads(node: Node, window: Window, image: readonly [number, number]): Window {
  if (getInt(node, 'ceil_mode', 0) === 0) return window;
  const positions = windowPositions(window, image);
  const extra = axes.map((axis) => {
    const reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    const room = image[axis] + window.pads[axis] + window.pads[axis === 0 ? 2 : 3] - reach;
    const wanted = Math.ceil(room / window.strides[axis]) + 1;
    const begin = (wanted - 1) * window.strides[axis];
    const count = begin >= image[axis] + window.pads[axis] ? wanted - 1 : wanted;
    return count > positions[axis] ? (count - 1) * window.strides[axis] - room : 0;
  });
  const [top, left, bottom, right] = window.pads;
  return { ...window, pads: [top, left, bottom + (extra[0] ?? 0), right + (extra[1] ?? 0)] };
}

// — internals —

function lowestOf({ builder }: LoweringContext, { type, params }: Value): number {
  const data = (): Uint8Array =>
    type === 'INT8'
      ? new Uint8Array(Int8Array.of(-128).buffer)
      : new Uint8Array(Float32Array.of(-3.4028234663852886e38).buffer);
  const quantization =
    params === undefined
      ? {}
      : {
          quantization: {
            scale: Float32Array.of(params.scale),
            zeroPoint: Int32Array.of(params.zeroPoint),
            dimension: 0,
          },
        };
  return builder.tensor({ name: 'lowest', type, shape: [1], data, ...quantization });
}
