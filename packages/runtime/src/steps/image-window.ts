import type { PackedNode } from '@bitwright/export';
import { intOf, intsOf, refusal, textOf } from '../lowering';

/** A window over an image, with the attributes of ONNX; sizes of one spatial axis get a height of 1. */
export interface NodeWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly ceilMode: boolean;
  /** [top, left, bottom, right] for an image of this size. */
  pads(height: number, width: number): readonly [number, number, number, number];
}

type Pair = readonly [number, number];

/**
 * Reads strides, dilations, pads and auto_pad of a node.
 *
 * SAME_UPPER: total = max((⌈size/stride⌉ − 1)·stride + reach − size, 0), the odd one behind; SAME_LOWER: in front.
 *
 * @throws {UnsupportedOperatorError} for more than two spatial axes
 */
export function nodeWindow(node: PackedNode, kernelShape: readonly number[]): NodeWindow {
  const kernel = pairOf(node, kernelShape, 1);
  const strides = pairOf(node, intsOf(node, 'strides') ?? kernelShape.map(() => 1), 1);
  const dilations = pairOf(node, intsOf(node, 'dilations') ?? kernelShape.map(() => 1), 1);
  const auto = textOf(node, 'auto_pad', 'NOTSET');
  const given = intsOf(node, 'pads') ?? kernelShape.flatMap(() => [0, 0]);
  const begin = pairOf(node, given.slice(0, kernelShape.length), 0);
  const end = pairOf(node, given.slice(kernelShape.length), 0);
  const along = (axis: 0 | 1, size: number): Pair => {
    if (auto === 'NOTSET') return [begin[axis], end[axis]];
    if (auto === 'VALID') return [0, 0];
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    const total = Math.max((Math.ceil(size / strides[axis]) - 1) * strides[axis] + reach - size, 0);
    const small = Math.floor(total / 2);
    return auto === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
  };
  return {
    kernel,
    strides,
    dilations,
    ceilMode: intOf(node, 'ceil_mode', 0) !== 0,
    pads(height, width) {
      const [top, bottom] = along(0, height);
      const [left, right] = along(1, width);
      return [top, left, bottom, right];
    },
  };
}

/** [N, C, L] or [N, C, H, W] as [N, H, W, C]. */
export function imageShapeOf(node: PackedNode, shape: readonly number[]): readonly [number, number, number, number] {
  const [n = 1, c = 1, ...spatial] = shape;
  if (shape.length < 3 || shape.length > 4) throw refusal(node, 'one or two spatial axes', `[${shape.join(',')}]`);
  const [h, w] = pairOf(node, spatial, 1);
  return [n, h, w, c];
}

/** [N, H, W, C] back in ONNX order, with as many axes as before. */
export function tensorShapeOf(
  [n, h, w, c]: readonly [number, number, number, number],
  rank: number,
): readonly number[] {
  return rank === 3 ? [n, c, w] : [n, c, h, w];
}

/** Positions of a window: ⌊(size + pads − reach)/stride⌋ + 1. */
export function outputSize(window: NodeWindow, height: number, width: number): Pair {
  const [top, left, bottom, right] = window.pads(height, width);
  const count = (size: number, axis: 0 | 1): number => {
    const reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    return Math.max(Math.floor((size - reach) / window.strides[axis]) + 1, 0);
  };
  return [count(height + top + bottom, 0), count(width + left + right, 1)];
}

// — internals —

function pairOf(node: PackedNode, list: readonly number[], otherwise: number): Pair {
  if (list.length === 1) return [otherwise, list[0] as number];
  if (list.length === 2) return list as unknown as Pair;
  throw refusal(node, 'one or two spatial axes', `${list.length}`);
}
