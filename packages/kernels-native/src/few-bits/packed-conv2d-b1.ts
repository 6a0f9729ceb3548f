import { AccumulatorOverflowError, ShapeMismatchError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { alignedArray } from '../memory/aligned-array';
import { checkStatus, type NativeContext } from '../native-context';
import type { ConvB1Arguments } from './binary-binding';

/** Binary or ternary weights in the order the kernels read them; see docs/kernels.md. Immutable. */
export interface PackedConv2dB1 {
  readonly kind: 'binary' | 'ternary';
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly channels: number;
  readonly bytes: Uint8Array;
  /** Sum of the weights of every tap, for the correction of zero padding. */
  readonly tapSums: Int32Array;
  /** Number of weights that are not 0, per output. */
  readonly counts: Int32Array;
  readonly weightArguments: ConvB1Arguments;
}

/** Weights [O, KH, KW, C]. */
export interface BinaryWeights {
  /** `binary`: weights ≥ 0 mean +1, others −1. `ternary`: their sign, −1, 0 or +1. */
  readonly kind: 'binary' | 'ternary';
  readonly weight: Int8Array;
  readonly weightShape: readonly number[];
}

/**
 * Packs binary or ternary weights once, for any number of {@link conv2dB1} calls. A matrix [N, K] is a kernel [N, 1, 1, K].
 *
 * @throws {ShapeMismatchError} when the shape does not fit the weights
 * @throws {InvalidArgumentError} when the weights are of another type or a dimension is out of range
 * @throws {AccumulatorOverflowError} when one output has 2^30 weights or more
 */
export function packConv2dB1(context: NativeContext, { kind, weight, weightShape }: BinaryWeights): PackedConv2dB1 {
  const operation = 'packConv2dB1';
  if (weightShape.length !== 4) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: 'a weight shape [O, KH, KW, C]',
      received: `[${weightShape.join(',')}]`,
    });
  }
  const [outputs, kernelHeight, kernelWidth, channels] = weightShape as [number, number, number, number];
  assertInteger(operation, 'outputs', outputs, 1, 2 ** 24);
  assertInteger(operation, 'kernelHeight', kernelHeight, 1, 256);
  assertInteger(operation, 'kernelWidth', kernelWidth, 1, 256);
  assertInteger(operation, 'channels', channels, 1, 2 ** 24);
  const taps = kernelHeight * kernelWidth;
  if (taps * channels >= 2 ** 30) {
    throw new AccumulatorOverflowError({
      operation: `[kernels-native] ${operation}`,
      expected: 'fewer than 2^30 weights per output, since 2·popcount must fit int32',
      received: `${taps * channels}`,
    });
  }
  assertArray(operation, 'weight', weight, 'Int8Array', checkedCount(operation, 'weightShape', weightShape));
  const columns = Math.ceil(outputs / 8) * 8;
  const words = columns * taps * Math.ceil(channels / 64) * (kind === 'ternary' ? 2 : 1);
  const packed: PackedConv2dB1 = {
    kind,
    outputs,
    kernel: [kernelHeight, kernelWidth],
    channels,
    bytes: alignedArray(context, Uint8Array, 8 * words),
    tapSums: new Int32Array(taps * columns),
    counts: new Int32Array(columns),
    weightArguments: [outputs, kernelHeight, kernelWidth, channels, kind === 'ternary' ? 1 : 0],
  };
  const { addon, handle } = context;
  const arrays = [weight, packed.bytes, packed.tapSums, packed.counts] as const;
  checkStatus(operation, addon.packConvB1(handle, ...packed.weightArguments, ...arrays));
  return Object.freeze(packed);
}
