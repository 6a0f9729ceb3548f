import { InvalidArgumentError, ShapeMismatchError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { alignedArray } from '../memory/aligned-array';
import { checkStatus, type NativeContext } from '../native-context';
import { assertBias, biasRoom } from './accumulator-bound';
import { assertDistinct } from './assert-distinct';
import type { InferenceBinding } from './binding';
import { assertCodeRange, assertCodes, assertFinite, assertZeroPoint, type Codes } from './codes';
import { type ImageShape, imageCount, imageWindow, type WindowSteps } from './image-window';
import type { RequantizeTo } from './output';

/** Filters of a depthwise convolution in the order the kernels read them; see docs/kernels.md. Immutable. */
export interface PackedDepthwiseI8 {
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly bytes: Int8Array;
  readonly sums: Int32Array;
}

/** A depthwise convolution of codes with packed filters. */
export interface DepthwiseI8 extends WindowSteps {
  /** Codes [N, H, W, C]. */
  readonly input: Codes;
  readonly inputShape: readonly number[];
  readonly inputZeroPoint: number;
  /** Int32 [C] in units of scaleX·scaleW. */
  readonly bias?: Int32Array | undefined;
  /** Default [1, 1]. */
  readonly dilations?: readonly [number, number] | undefined;
  /** `float` is the only method. */
  readonly to: RequantizeTo;
}

/**
 * Packs int8 filters [C, KH, KW] with zero point 0, at most 64×64 taps. Other depthwise convolutions (zero points, several
 * filters per channel, accumulators as output) are convolutions with groups: packConv2dI8.
 *
 * @throws {ShapeMismatchError} when the shape does not fit the filters
 * @throws {InvalidArgumentError} when the filters are of another type or too large
 */
export function packDepthwiseI8(
  context: NativeContext,
  { weight, weightShape }: { readonly weight: Int8Array; readonly weightShape: readonly number[] },
): PackedDepthwiseI8 {
  const operation = 'packDepthwiseI8';
  if (weightShape.length !== 3) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: 'a weight shape [C, KH, KW]',
      received: `[${weightShape.join(',')}]`,
    });
  }
  const [channels, kernelHeight, kernelWidth] = weightShape as [number, number, number];
  assertInteger(operation, 'channels', channels, 1, 2 ** 24);
  assertInteger(operation, 'kernelHeight', kernelHeight, 1, 64);
  assertInteger(operation, 'kernelWidth', kernelWidth, 1, 64);
  assertArray(operation, 'weight', weight, 'Int8Array', checkedCount(operation, 'weightShape', weightShape));
  const packedChannels = Math.ceil(channels / 64) * 64;
  const bytes = alignedArray(context, Int8Array, packedChannels * kernelWidth * Math.ceil(kernelHeight / 4) * 4);
  const sums = new Int32Array(packedChannels);
  const { addon, handle } = context;
  checkStatus(operation, addon.packDepthwiseI8(handle, weight, channels, kernelHeight, kernelWidth, bytes, sums));
  return Object.freeze({ channels, kernel: [kernelHeight, kernelWidth] as const, bytes, sums });
}

/**
 * Depthwise convolution to codes: bit-equal to core's integerConv2d with as many groups as channels, then requantize.
 *
 * Formula:  acc = bias[c] + Σ (in − z_x)·w[c];  code = saturate(round(fround(fround(acc)·M[c])) + z_y)
 * Shapes:   result [N, OH, OW, C]
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @throws {AccumulatorOverflowError} when an int32 accumulator could overflow
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function depthwiseI8(context: NativeContext, packed: PackedDepthwiseI8, call: DepthwiseI8, out: Codes): void {
  const prepared = depthwiseArguments(context, packed, call, out);
  finish(context.addon.depthwiseI8(...prepared.arguments), call, prepared.room);
}

/** {@link depthwiseI8} on another thread. The arrays must not change until it is done. */
export async function depthwiseI8Async(
  context: NativeContext,
  packed: PackedDepthwiseI8,
  call: DepthwiseI8,
  out: Codes,
): Promise<void> {
  const prepared = depthwiseArguments(context, packed, call, out);
  finish(await context.addon.depthwiseI8Async(...prepared.arguments), call, prepared.room);
}

/** Shape of the result of {@link depthwiseI8}: [N, OH, OW, C]. */
export function depthwiseI8Shape(
  packed: PackedDepthwiseI8,
  call: WindowSteps & Pick<DepthwiseI8, 'inputShape' | 'dilations'>,
): ImageShape {
  return imageWindow(operation, call.inputShape, packed.kernel, packed.channels, call, call.dilations).outShape;
}

// — internals —

const operation = 'depthwiseI8';

function depthwiseArguments(
  context: NativeContext,
  packed: PackedDepthwiseI8,
  call: DepthwiseI8,
  out: Codes,
): { readonly arguments: Parameters<InferenceBinding['depthwiseI8']>; readonly room: number } {
  const { input, inputShape, inputZeroPoint, bias = null, dilations, to } = call;
  const { channels, kernel, bytes, sums } = packed;
  for (const dilation of dilations ?? []) assertInteger(operation, 'dilations', dilation, 1, 2 ** 24);
  const window = imageWindow(operation, inputShape, kernel, channels, call, dilations);
  if (inputShape[3] !== channels) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: `${channels} input channels`,
      received: `[${inputShape.join(',')}]`,
    });
  }
  assertCodes(operation, 'input', input, imageCount(operation, window.inShape));
  assertZeroPoint(operation, 'the zero point of the input', inputZeroPoint, input);
  if (bias !== null) assertArray(operation, 'bias', bias, 'Int32Array', channels);
  assertCodes(operation, 'out', out, imageCount(operation, window.outShape));
  assertDistinct(operation, 'the input', input, out);
  assertArray(operation, 'multiplier', to.multiplier, 'Float32Array', channels);
  assertCodeRange(operation, to, out);
  if (to.method !== undefined && to.method !== 'float') {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'the method float',
      received: to.method,
      hint: 'conv2dI8 with groups requantizes in fixed point.',
    });
  }
  const depth = kernel[0] * kernel[1];
  const room = biasRoom(operation, { depth, input, inputZeroPoint, weight: bytes, weightZeroPoint: null });
  const all: Parameters<InferenceBinding['depthwiseI8']> = [
    context.handle,
    channels,
    ...kernel,
    bytes,
    sums,
    ...window.arguments,
    input,
    inputZeroPoint,
    bias,
    room,
    to.multiplier,
    to.zeroPoint,
    to.qmin,
    to.qmax,
    out,
  ];
  return { arguments: all, room };
}

/** Says what the addon found while it read biases and multipliers. */
function finish(status: number, { bias, to }: DepthwiseI8, room: number): void {
  if (status === 0) return;
  assertBias(operation, bias ?? null, room);
  assertFinite(operation, 'multiplier', to.multiplier);
  checkStatus(operation, status);
}
