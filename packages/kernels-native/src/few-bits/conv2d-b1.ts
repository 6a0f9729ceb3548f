import { InvalidArgumentError, ShapeMismatchError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { assertDistinct } from '../inference/assert-distinct';
import { type ImageShape, imageWindow, type WindowSteps } from '../inference/image-window';
import { checkStatus, type NativeContext } from '../native-context';
import type { BinaryBinding } from './binary-binding';
import type { PackedConv2dB1 } from './packed-conv2d-b1';

/** Accumulators to real numbers:  fround(fround(acc)·scale[o]) + offset[o]. */
export interface ScaleTo {
  readonly scale: Float32Array;
  readonly offset?: Float32Array | undefined;
}

/** Accumulators to signs:  bit = (acc ≥ threshold[o]) ≠ inverts[o]; a folded BatchNorm with sign (docs/kernels.md). */
export interface ThresholdTo {
  readonly threshold: Int32Array;
  /** [⌈O/8⌉], one bit per output, the first lowest. */
  readonly inverts: Uint8Array;
}

/** A convolution of signs with packed binary or ternary weights. */
export interface Conv2dB1 extends WindowSteps {
  /**
   * [N, H, W, C] real numbers, whose signs count (≥ 0 is +1); or signs as an earlier call wrote them: per pixel ⌈C/64⌉·8
   * bytes, channel 0 in the lowest bit of the first byte.
   */
  readonly input: Float32Array | Uint8Array;
  readonly inputShape: readonly number[];
  /** Default [1, 1]. */
  readonly dilations?: readonly [number, number] | undefined;
  /** What padded taps hold: real 0 (default), +1 or −1. */
  readonly padding?: 'zero' | 'plusOne' | 'minusOne' | undefined;
  /** What becomes of the accumulators; without it `out` is an Int32Array and receives them. */
  readonly to?: ScaleTo | ThresholdTo | undefined;
}

/**
 * Convolution of signs by XOR and popcount; packing of real inputs included.
 *
 * Formula:  acc[o] = Σ sign(in)·w[o] over the taps of the window;  = K − 2·popcount(a xor w) inside, and with zero padding
 *           + the sum of the weights of padded taps (which were counted as −1)
 * Shapes:   result [N, OH, OW, O]; signs: [N, OH, OW, ⌈O/64⌉·8] bytes
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function conv2dB1(
  context: NativeContext,
  packed: PackedConv2dB1,
  call: Conv2dB1,
  out: Int32Array | Float32Array | Uint8Array,
): void {
  checkStatus(operation, context.addon.convB1(...convArguments(context, packed, call, out)));
}

/** {@link conv2dB1} on another thread. The arrays must not change until it is done. */
export async function conv2dB1Async(
  context: NativeContext,
  packed: PackedConv2dB1,
  call: Conv2dB1,
  out: Int32Array | Float32Array | Uint8Array,
): Promise<void> {
  checkStatus(operation, await context.addon.convB1Async(...convArguments(context, packed, call, out)));
}

/** Shape of the result of {@link conv2dB1}: [N, OH, OW, O]. */
export function conv2dB1Shape(
  packed: PackedConv2dB1,
  call: WindowSteps & Pick<Conv2dB1, 'inputShape' | 'dilations'>,
): ImageShape {
  return imageWindow(operation, call.inputShape, packed.kernel, packed.outputs, call, call.dilations).outShape;
}

// — internals —

const operation = 'conv2dB1';
const paddings = ['zero', 'plusOne', 'minusOne'] as const;

function convArguments(
  context: NativeContext,
  packed: PackedConv2dB1,
  call: Conv2dB1,
  out: Int32Array | Float32Array | Uint8Array,
): Parameters<BinaryBinding['convB1']> {
  const { input, inputShape, dilations, padding = 'zero', to } = call;
  const { channels, outputs, kernel, bytes, tapSums, counts } = packed;
  for (const dilation of dilations ?? []) assertInteger(operation, 'dilations', dilation, 1, 2 ** 24);
  const window = imageWindow(operation, inputShape, kernel, outputs, call, dilations);
  if (inputShape[3] !== channels) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: `${channels} input channels`,
      received: `[${inputShape.join(',')}]`,
    });
  }
  const isReal = input instanceof Float32Array;
  const perPixel = isReal ? channels : signBytes(channels);
  const length = checkedCount(operation, 'inputShape', [...inputShape.slice(0, 3), perPixel]);
  assertArray(operation, 'input', input, isReal ? 'Float32Array' : 'Uint8Array', length);
  assertInteger(operation, 'padding', paddings.indexOf(padding), 0, 2);
  assertOutput(to, out, outputs, window.outShape);
  assertDistinct(operation, 'the input', input, out);
  const isScale = to !== undefined && 'scale' in to;
  const isThreshold = to !== undefined && 'threshold' in to;
  return [
    context.handle,
    ...packed.weightArguments,
    bytes,
    tapSums,
    counts,
    ...window.arguments,
    paddings.indexOf(padding),
    input,
    isScale ? to.scale : null,
    isScale ? (to.offset ?? null) : null,
    isThreshold ? to.threshold : null,
    isThreshold ? to.inverts : null,
    out,
  ];
}

/** Bytes of the packed signs of one pixel. */
function signBytes(channels: number): number {
  return Math.ceil(channels / 64) * 8;
}

function assertOutput(
  to: ScaleTo | ThresholdTo | undefined,
  out: Int32Array | Float32Array | Uint8Array,
  outputs: number,
  outShape: ImageShape,
): void {
  const isBits = to !== undefined && 'threshold' in to;
  const kind = to === undefined ? 'Int32Array' : isBits ? 'Uint8Array' : 'Float32Array';
  const perPixel = isBits ? signBytes(outputs) : outputs;
  const length = checkedCount(operation, 'the output', [...outShape.slice(0, 3), perPixel]);
  assertArray(operation, 'out', out, kind, length);
  if (to === undefined) return;
  if (isBits) {
    assertArray(operation, 'threshold', to.threshold, 'Int32Array', outputs);
    assertArray(operation, 'inverts', to.inverts, 'Uint8Array', Math.ceil(outputs / 8));
    return;
  }
  if (!('scale' in to)) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: '`to` with scale or threshold',
      received: Object.keys(to).join(', '),
    });
  }
  assertArray(operation, 'scale', to.scale, 'Float32Array', outputs);
  if (to.offset !== undefined) assertArray(operation, 'offset', to.offset, 'Float32Array', outputs);
}
