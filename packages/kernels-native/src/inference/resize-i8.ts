import { InvalidArgumentError } from '@bitwright/core';
import { assertInteger, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertDistinct } from './assert-distinct';
import { assertCodes, type Codes } from './codes';
import { assertImage } from './image-window';

/** How an NHWC image changes its size. */
export interface ResizeI8 {
  readonly inputShape: readonly number[];
  readonly outHeight: number;
  readonly outWidth: number;
  /** `linear` weighs four neighbours; `nearest` copies one. */
  readonly mode: 'linear' | 'nearest';
  /** Position in the input of output i: `halfPixel` (default) (i + ½)·in/out − ½; `alignCorners` i·(in − 1)/(out − 1); `asymmetric` i·in/out. */
  readonly coordinates?: 'halfPixel' | 'alignCorners' | 'asymmetric' | undefined;
  /** For `nearest`: `preferFloor` (default) rounds, halves down; `floor` cuts. */
  readonly rounding?: 'preferFloor' | 'floor' | undefined;
}

/**
 * Resizes an image of codes; scale and zero point stay.
 *
 * Formula:  linear: per axis a weight w = ⌊2048·fraction + ½⌋ of the second neighbour; code = ⌊(Σ weights·codes + 2^21) / 2^22⌋
 * Shapes:   result [N, outHeight, outWidth, C]
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 * @see ONNX Resize-19, coordinate_transformation_mode and nearest_mode
 */
export function resizeI8(context: NativeContext, input: Codes, resize: ResizeI8, out: Codes): void {
  const operation = 'resizeI8';
  const { inputShape, outHeight, outWidth, mode, coordinates = 'halfPixel', rounding = 'preferFloor' } = resize;
  const [n, h, w, c] = assertImage(operation, inputShape);
  for (const size of [h, w, c, outHeight, outWidth]) assertInteger(operation, 'every size', size, 1, 2 ** 24);
  const kind = coordinateKinds.indexOf(coordinates);
  const isKnown = kind >= 0 && (mode === 'linear' || mode === 'nearest') && ['preferFloor', 'floor'].includes(rounding);
  if (!isKnown || input instanceof Int8Array !== out instanceof Int8Array) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'known mode, coordinates and rounding, and out of the type of the input',
      received: `${mode}, ${coordinates}, ${rounding}, ${out?.constructor?.name}`,
    });
  }
  assertCodes(operation, 'the input', input, checkedCount(operation, 'inputShape', inputShape));
  assertCodes(operation, 'out', out, checkedCount(operation, 'the output', [n, outHeight, outWidth, c]));
  assertDistinct(operation, 'the input', input, out);
  const isLinear = mode === 'linear' ? 1 : 0;
  const roundsDown = rounding === 'floor' ? 1 : 0;
  const { addon, handle } = context;
  checkStatus(
    operation,
    addon.resizeI8(handle, n, h, w, c, outHeight, outWidth, isLinear, roundsDown, kind, input, out),
  );
}

// — internals —

const coordinateKinds = ['halfPixel', 'alignCorners', 'asymmetric'] as const;
