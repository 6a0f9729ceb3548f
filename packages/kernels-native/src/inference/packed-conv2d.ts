import { ShapeMismatchError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { alignedArray } from '../memory/aligned-array';
import { checkStatus, type NativeContext } from '../native-context';
import type { ConvWeightArguments } from './binding';
import { assertCodes, assertZeroPoint, type Codes } from './codes';

/** Weights of a convolution or matrix product in the order the kernels read them; see docs/kernels.md. Immutable. */
export interface PackedConv2dI8 {
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  /** Input channels per group. */
  readonly channels: number;
  readonly groups: number;
  readonly dilations: readonly [number, number];
  readonly bytes: Int8Array;
  /** Sum of the packed weights of every output, in packed order. */
  readonly sums: Int32Array;
  /** Zero points of the packed (signed) weights, or null when all are 0. */
  readonly weightZeroPoint: Int32Array | null;
  /** An array of the type the weights had. */
  readonly codes: Codes;
  readonly weightArguments: ConvWeightArguments;
}

/** Weights [O, KH, KW, C/groups] of int8 or uint8 codes. */
export interface Conv2dWeights {
  readonly weight: Codes;
  readonly weightShape: readonly number[];
  /** One for all or one per output; default 0. */
  readonly weightZeroPoint?: number | Int32Array | undefined;
  /** Default 1. */
  readonly groups?: number | undefined;
  /** Default [1, 1]. */
  readonly dilations?: readonly [number, number] | undefined;
}

/**
 * Packs the weights of a convolution once, for any number of {@link conv2dI8} calls.
 *
 * @throws {ShapeMismatchError} when the shape does not fit the weights or the groups
 * @throws {InvalidArgumentError} when an array is of another type, or a zero point is no code
 */
export function packConv2dI8(context: NativeContext, weights: Conv2dWeights): PackedConv2dI8 {
  const { weightShape, groups = 1, dilations = [1, 1] } = weights;
  const [outputs, kernelHeight, kernelWidth, channels] = assertWeightShape(operation, weightShape, groups);
  for (const dilation of dilations) assertInteger(operation, 'dilations', dilation, 1, 2 ** 24);
  const mergesColumns = groups === 1 && dilations[1] === 1 ? 1 : 0;
  const weightArguments = [outputs, kernelHeight, kernelWidth, channels, groups, mergesColumns] as const;
  return pack(context, operation, weights, weightArguments, dilations, false);
}

/** A matrix of weights: [N, K] (the weights of one output in a row) or [K, N] as in ONNX MatMul. */
export interface GemmWeights {
  readonly n: number;
  readonly k: number;
  readonly b: Codes;
  readonly bLayout: 'KN' | 'NK';
  /** One for all or one per column; default 0. */
  readonly bZeroPoint?: number | Int32Array | undefined;
}

/**
 * Packs the second operand of a matrix product once, for any number of {@link gemmI8} calls.
 *
 * @throws {ShapeMismatchError} when lengths do not fit n and k
 * @throws {InvalidArgumentError} when an array is of another type, or a zero point is no code
 */
export function packGemmI8(context: NativeContext, { n, k, b, bLayout, bZeroPoint }: GemmWeights): PackedConv2dI8 {
  assertInteger('packGemmI8', 'n', n, 1, 2 ** 24);
  assertInteger('packGemmI8', 'k', k, 1, 2 ** 24);
  const weights = { weight: b, weightShape: [n, 1, 1, k], weightZeroPoint: bZeroPoint };
  return pack(context, 'packGemmI8', weights, [n, 1, 1, k, 1, 1], [1, 1], bLayout === 'KN');
}

// — internals —

const operation = 'packConv2dI8';

function pack(
  context: NativeContext,
  name: string,
  { weight, weightShape, weightZeroPoint = 0 }: Conv2dWeights,
  weightArguments: ConvWeightArguments,
  dilations: readonly [number, number],
  isTransposed: boolean,
): PackedConv2dI8 {
  const [outputs, kernelHeight, kernelWidth, channels, groups, mergesColumns] = weightArguments;
  assertCodes(name, 'weight', weight, checkedCount(name, 'weightShape', weightShape));
  const columns = Math.ceil(outputs / groups / 16) * 16 * groups;
  const taps = mergesColumns === 1 ? kernelHeight : kernelHeight * kernelWidth;
  const depth = mergesColumns === 1 ? kernelWidth * channels : channels;
  const bytes = alignedArray(context, Int8Array, columns * taps * Math.ceil(depth / 4) * 4);
  const sums = new Int32Array(columns);
  const { addon, handle } = context;
  checkStatus(name, addon.packConvI8(handle, weight, isTransposed ? 1 : 0, ...weightArguments, bytes, sums));
  return Object.freeze({
    outputs,
    kernel: [kernelHeight, kernelWidth] as const,
    channels,
    groups,
    dilations,
    bytes,
    sums,
    weightZeroPoint: signedZeroPoints(name, weightZeroPoint, outputs, weight),
    codes: weight instanceof Int8Array ? new Int8Array(0) : new Uint8Array(0),
    weightArguments,
  });
}

/** uint8 weights are packed as int8 ones, so their zero points move by 128 as well. */
function signedZeroPoints(
  name: string,
  zeroPoint: number | Int32Array,
  outputs: number,
  weight: Codes,
): Int32Array | null {
  const offset = weight instanceof Int8Array ? 0 : 128;
  if (typeof zeroPoint !== 'number')
    assertArray(name, 'the zero points of the weights', zeroPoint, 'Int32Array', outputs);
  const zeroPoints = typeof zeroPoint === 'number' ? new Int32Array(outputs).fill(zeroPoint) : zeroPoint;
  if (typeof zeroPoint === 'number') assertZeroPoint(name, 'the zero point of the weights', zeroPoint, weight);
  for (const value of zeroPoints) assertZeroPoint(name, 'every zero point of the weights', value, weight);
  const signed = zeroPoints.map((value) => value - offset);
  return signed.some((value) => value !== 0) ? signed : null;
}

function assertWeightShape(
  name: string,
  shape: readonly number[],
  groups: number,
): readonly [number, number, number, number] {
  assertInteger(name, 'groups', groups, 1, 2 ** 24);
  if (shape.length !== 4 || (shape[0] as number) % groups !== 0) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${name}`,
      expected: 'a weight shape [O, KH, KW, C/groups] with O a multiple of groups',
      received: `[${shape.join(',')}] and ${groups} groups`,
    });
  }
  for (const size of shape) assertInteger(name, 'every dimension of weightShape', size, 1, 2 ** 24);
  return shape as unknown as readonly [number, number, number, number];
}
