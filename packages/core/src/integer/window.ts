import { InvalidArgumentError, ShapeMismatchError } from '../errors';
import { assertCounts } from './accumulator';

/** Order of the axes of an image tensor in memory. */
export type ImageLayout = 'NCHW' | 'NHWC';

/** Sizes of an image tensor and the distance in elements between neighbours along each axis. */
export interface ImageGeometry {
  readonly size: { readonly n: number; readonly c: number; readonly h: number; readonly w: number };
  readonly stride: { readonly n: number; readonly c: number; readonly h: number; readonly w: number };
  readonly count: number;
}

/** A sliding window; pads are [top, left, bottom, right] as in ONNX. */
export interface Window2d {
  readonly kernel: readonly [number, number];
  /** Default [1, 1]. */
  readonly strides?: readonly [number, number];
  /** Default [1, 1]. */
  readonly dilations?: readonly [number, number];
  /** Default [0, 0, 0, 0]. */
  readonly pads?: readonly [number, number, number, number];
}

/**
 * Reads the shape of an image tensor, given in the order of its layout.
 *
 * @throws {ShapeMismatchError} when it has not four axes of integer length
 */
export function imageGeometry(operation: string, shape: readonly number[], layout: ImageLayout): ImageGeometry {
  const isShape = shape.length === 4 && shape.every((d) => Number.isInteger(d) && d >= 0);
  if (!isShape) {
    throw new ShapeMismatchError({ operation, expected: `a shape ${layout}`, received: `[${shape.join(',')}]` });
  }
  if (layout === 'NCHW') {
    const [n, c, h, w] = shape as [number, number, number, number];
    return { size: { n, c, h, w }, stride: { n: c * h * w, c: h * w, h: w, w: 1 }, count: n * c * h * w };
  }
  const [n, h, w, c] = shape as [number, number, number, number];
  return { size: { n, c, h, w }, stride: { n: h * w * c, c: 1, h: w * c, w: c }, count: n * c * h * w };
}

/** Shape in the order of a layout. */
export function imageShape(layout: ImageLayout, n: number, c: number, h: number, w: number): readonly number[] {
  return layout === 'NCHW' ? [n, c, h, w] : [n, h, w, c];
}

/**
 * Fills in the defaults of a window.
 *
 * @throws {InvalidArgumentError} when a size is no positive integer, or a pad is negative or not smaller than the window
 */
export function resolveWindow(operation: string, window: Window2d): Required<Window2d> {
  const { kernel, strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0] } = window;
  const [kh, kw] = kernel;
  assertCounts(operation, { kh, kw, strideH: strides[0], strideW: strides[1] }, 1);
  assertCounts(operation, { dilationH: dilations[0], dilationW: dilations[1] }, 1);
  assertCounts(operation, { padTop: pads[0], padLeft: pads[1], padBottom: pads[2], padRight: pads[3] });
  const reach = [(kh - 1) * dilations[0] + 1, (kw - 1) * dilations[1] + 1];
  if (pads.some((pad, i) => pad >= (reach[i % 2] as number))) {
    throw new InvalidArgumentError({
      operation,
      expected: `pads smaller than the window (${reach.join('×')})`,
      received: `[${pads.join(',')}]`,
    });
  }
  return { kernel, strides, dilations, pads };
}

/**
 * Number of window positions along one axis:  ⌊(size + padBegin + padEnd − reach)/stride⌋ + 1,  reach = (kernel − 1)·dilation + 1
 *
 * With `ceil` the quotient is rounded up, unless the last window would begin in the end padding (ONNX ceil_mode).
 */
export function windowCount(size: number, window: Required<Window2d>, axis: 0 | 1, ceil = false): number {
  const stride = window.strides[axis];
  const begin = window.pads[axis];
  const end = window.pads[axis === 0 ? 2 : 3];
  const reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
  const room = size + begin + end - reach;
  if (room < 0) return 0;
  const positions = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  return ceil && (positions - 1) * stride >= size + begin ? positions - 1 : positions;
}
