import { type CodeOutput, codesOf, type Pooling, poolShape, ShapeMismatchError } from '@bitwright/core';
import { checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertDistinct } from './assert-distinct';
import { assertOperand, assertOutput, type CodeOperand } from './code-operand';
import { assertCodes, type Codes } from './codes';
import { assertImage } from './image-window';

/** Pooling windows over an NHWC image. */
export type PoolingI8 = Omit<Pooling, 'layout'>;

/**
 * Average pooling, bit-equal to core's integerAveragePool. The whole image as the window is global pooling.
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit, or a window has no value of the image
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function averagePoolI8(
  context: NativeContext,
  input: CodeOperand,
  pooling: PoolingI8 & { readonly countIncludePad?: boolean },
  output: CodeOutput,
  out: Codes,
): void {
  const operation = 'averagePoolI8';
  const outShape = poolShape({ ...pooling, layout: 'NHWC' });
  assertOperand(operation, 'the input', input, checkedCount(operation, 'inputShape', pooling.inputShape));
  assertOutput(operation, output, out, checkedCount(operation, 'the output', outShape));
  const ratio = Math.fround(input.scale / output.scale);
  const isPadCounted = pooling.countIncludePad ?? false;
  run(operation, context, true, input.codes, input.zeroPoint, ratio, isPadCounted, pooling, outShape, output, out);
}

/**
 * Max pooling: the largest code wins; padding never does. Bit-equal to core's integerMaxPool.
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit, or a window has no value of the image
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function maxPoolI8(context: NativeContext, codes: Codes, pooling: PoolingI8, out: Codes): void {
  const operation = 'maxPoolI8';
  const outShape = poolShape({ ...pooling, layout: 'NHWC' });
  assertCodes(operation, 'codes', codes, checkedCount(operation, 'inputShape', pooling.inputShape));
  assertOutput(operation, { ...codesOf(codes), scale: 1, zeroPoint: 0 }, out, checkedCount(operation, 'out', outShape));
  run(operation, context, false, codes, 0, 1, false, pooling, outShape, { ...codesOf(codes), zeroPoint: 0 }, out);
}

// — internals —

function run(
  operation: string,
  { addon, handle }: NativeContext,
  isAverage: boolean,
  codes: Codes,
  zero: number,
  ratio: number,
  isPadCounted: boolean,
  { inputShape, kernel, strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0], ceilMode = false }: PoolingI8,
  outShape: readonly number[],
  { zeroPoint, qmin, qmax }: Omit<CodeOutput, 'scale'>,
  out: Codes,
): void {
  assertDistinct(operation, 'the input', codes, out);
  const image = assertImage(operation, inputShape);
  const [, outHeight, outWidth] = outShape as [number, number, number, number];
  assertNoEmptyWindow(operation, image, [outHeight, outWidth], { kernel, strides, dilations, pads }, ceilMode);
  const status = addon.poolI8(
    handle,
    isAverage ? 1 : 0,
    ...image,
    outHeight,
    outWidth,
    ...kernel,
    ...strides,
    ...dilations,
    ...pads,
    isPadCounted ? 1 : 0,
    codes,
    zero,
    ratio,
    out,
    zeroPoint,
    qmin,
    qmax,
  );
  checkStatus(operation, status);
}

/** Along each axis, every window must hold a value of the image; dilation and rounding up can make one miss. */
function assertNoEmptyWindow(
  operation: string,
  [, height, width]: readonly [number, number, number, number],
  outSize: readonly [number, number],
  window: Required<Pick<Pooling, 'kernel' | 'strides' | 'dilations' | 'pads'>>,
  ceilMode: boolean,
): void {
  for (const axis of [0, 1] as const) {
    const size = axis === 0 ? height : width;
    for (let i = 0; i < outSize[axis]; i++) {
      const start = i * window.strides[axis] - window.pads[axis];
      let isHit = false;
      for (let k = 0; k < window.kernel[axis] && !isHit; k++) {
        const at = start + k * window.dilations[axis];
        isHit = at >= 0 && at < size;
      }
      if (isHit) continue;
      throw new ShapeMismatchError({
        operation: `[kernels-native] ${operation}`,
        expected: 'at least one input value in every window',
        received: `none at position ${i} of axis ${axis}${ceilMode ? ' with ceilMode' : ''}`,
      });
    }
  }
}
