import { ShapeMismatchError } from '@bitwright/core';
import { assertArray } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertBias, biasRoom } from './accumulator-bound';
import { assertDistinct } from './assert-distinct';
import type { InferenceBinding } from './binding';
import { assertCodes, assertFinite, assertZeroPoint, type Codes } from './codes';
import { type ImageShape, imageCount, imageWindow, type WindowSteps } from './image-window';
import { type DequantizeTo, type Int8Output, outputArguments, type RequantizeTo } from './output';
import type { PackedConv2dI8 } from './packed-conv2d';

/** A convolution of codes with packed weights. */
export interface Conv2dI8 extends WindowSteps {
  /** Codes [N, H, W, C]. */
  readonly input: Codes;
  readonly inputShape: readonly number[];
  readonly inputZeroPoint: number;
  /** Int32 [O] in units of scaleX·scaleW. */
  readonly bias?: Int32Array | undefined;
  /** What becomes of the accumulators; without it `out` is an Int32Array and receives them. */
  readonly to?: RequantizeTo | DequantizeTo | undefined;
}

/** A matrix product of codes with a packed second operand. */
export interface GemmI8 {
  readonly m: number;
  /** Codes [M, K]. */
  readonly a: Codes;
  readonly aZeroPoint: number;
  /** Int32 [N] in units of scaleA·scaleB. */
  readonly bias?: Int32Array | undefined;
  /** What becomes of the accumulators; without it `out` is an Int32Array and receives them. */
  readonly to?: RequantizeTo | DequantizeTo | undefined;
}

/**
 * Zero-point-corrected convolution; bias, activation and requantization happen in registers.
 *
 * Formula:  acc = bias[o] + Σ (in − z_x)(w − z_w[o]), bit-equal to core's integerConv2d; codes as core's requantize
 * Shapes:   result [N, OH, OW, O] as {@link conv2dI8Shape} says
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @throws {AccumulatorOverflowError} when an int32 accumulator could overflow
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function conv2dI8(context: NativeContext, packed: PackedConv2dI8, call: Conv2dI8, out: Int8Output): void {
  const prepared = convArguments('conv2dI8', context, packed, call, out);
  finish('conv2dI8', context.addon.convI8(...prepared.arguments), call, prepared.room);
}

/** {@link conv2dI8} on another thread. The arrays must not change until it is done. */
export async function conv2dI8Async(
  context: NativeContext,
  packed: PackedConv2dI8,
  call: Conv2dI8,
  out: Int8Output,
): Promise<void> {
  const prepared = convArguments('conv2dI8', context, packed, call, out);
  finish('conv2dI8', await context.addon.convI8Async(...prepared.arguments), call, prepared.room);
}

/** Shape of the result of {@link conv2dI8}: [N, OH, OW, O]. */
export function conv2dI8Shape(
  packed: PackedConv2dI8,
  call: WindowSteps & { readonly inputShape: readonly number[] },
): ImageShape {
  return imageWindow('conv2dI8', call.inputShape, packed.kernel, packed.outputs, call, packed.dilations).outShape;
}

/**
 * Zero-point-corrected matrix product; bias, activation and requantization happen in registers.
 *
 * Formula:  acc[m, n] = bias[n] + Σ_k (a[m, k] − z_a)(b[k, n] − z_b[n]), bit-equal to core's integerGemm
 * Shapes:   result [M, N]
 *
 * @throws {ShapeMismatchError} when lengths do not fit
 * @throws {AccumulatorOverflowError} when an int32 accumulator could overflow
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function gemmI8(context: NativeContext, packed: PackedConv2dI8, call: GemmI8, out: Int8Output): void {
  const conv = asConv(packed, call);
  const prepared = convArguments('gemmI8', context, packed, conv, out);
  finish('gemmI8', context.addon.convI8(...prepared.arguments), conv, prepared.room);
}

/** {@link gemmI8} on another thread. The arrays must not change until it is done. */
export async function gemmI8Async(
  context: NativeContext,
  packed: PackedConv2dI8,
  call: GemmI8,
  out: Int8Output,
): Promise<void> {
  const conv = asConv(packed, call);
  const prepared = convArguments('gemmI8', context, packed, conv, out);
  finish('gemmI8', await context.addon.convI8Async(...prepared.arguments), conv, prepared.room);
}

// — internals —

/** A matrix product is a 1×1 convolution over a row of M pixels. */
function asConv(packed: PackedConv2dI8, { m, a, aZeroPoint, bias, to }: GemmI8): Conv2dI8 {
  return { input: a, inputShape: [1, 1, m, packed.channels], inputZeroPoint: aZeroPoint, bias, to };
}

function convArguments(
  operation: string,
  context: NativeContext,
  packed: PackedConv2dI8,
  call: Conv2dI8,
  out: Int8Output,
): { readonly arguments: Parameters<InferenceBinding['convI8']>; readonly room: number } {
  const { input, inputShape, inputZeroPoint, bias = null } = call;
  const { outputs, kernel, channels, groups, dilations, bytes, sums, weightZeroPoint } = packed;
  const window = imageWindow(operation, inputShape, kernel, outputs, call, dilations);
  if (inputShape[3] !== channels * groups) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: `${channels * groups} input channels`,
      received: `[${inputShape.join(',')}]`,
    });
  }
  assertCodes(operation, 'input', input, imageCount(operation, window.inShape));
  assertZeroPoint(operation, 'the zero point of the input', inputZeroPoint, input);
  if (bias !== null) assertArray(operation, 'bias', bias, 'Int32Array', outputs);
  const depth = kernel[0] * kernel[1] * channels;
  const room = biasRoom(operation, {
    depth,
    input,
    inputZeroPoint,
    weight: packed.codes,
    weightZeroPoint: originalZeroPoints(packed),
  });
  const kind = out instanceof Int32Array ? 'Int32Array' : out instanceof Float32Array ? 'Float32Array' : undefined;
  const count = imageCount(operation, window.outShape);
  if (kind === undefined) assertCodes(operation, 'out', out as Codes, count);
  else assertArray(operation, 'out', out, kind, count);
  assertDistinct(operation, 'the input', input, out);
  const all: Parameters<InferenceBinding['convI8']> = [
    context.handle,
    ...packed.weightArguments,
    bytes,
    sums,
    weightZeroPoint,
    ...window.arguments,
    input,
    inputZeroPoint,
    bias,
    room,
    ...outputArguments(operation, call.to, outputs, out),
    out,
  ];
  return { arguments: all, room };
}

/** Says what the addon found while it read biases and multipliers. */
function finish(operation: string, status: number, { bias, to }: Conv2dI8, room: number): void {
  if (status === 0) return;
  assertBias(operation, bias ?? null, room);
  if (to !== undefined) assertFinite(operation, 'multiplier', to.multiplier);
  checkStatus(operation, status);
}

/** The zero points in the type the weights had. */
function originalZeroPoints({ weightZeroPoint, codes }: PackedConv2dI8): Int32Array | null {
  if (codes instanceof Int8Array) return weightZeroPoint;
  return weightZeroPoint === null ? Int32Array.of(128) : weightZeroPoint.map((value) => value + 128);
}
