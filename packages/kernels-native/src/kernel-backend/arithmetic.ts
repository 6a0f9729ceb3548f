import {
  AccumulatorOverflowError,
  type IntegerConv2d,
  type IntegerGemm,
  integerConv2dShape,
  referenceBackend,
  ShapeMismatchError,
} from '@bitwright/core';
import type { Codes } from '../inference/codes';
import { conv2dI8, gemmI8 } from '../inference/conv2d-i8';
import { packConv2dI8, packGemmI8 } from '../inference/packed-conv2d';
import { transpose } from '../movement/transpose';
import type { NativeContext } from '../native-context';

// Core's integer products on the native kernels. Weights are packed on every call: for repeated calls pack them once and use
// gemmI8 and conv2dI8. 16-bit codes, empty shapes and pads as large as the window go to the TypeScript reference.

/** See core's integerGemm. */
export function gemm(context: NativeContext, call: IntegerGemm, out: Int32Array): void {
  const { m, n, k, a, b, aZeroPoint, bZeroPoint, bLayout, bias } = call;
  const isNative = isBytes(a) && isBytes(b) && m > 0 && n > 0 && k > 0;
  if (!isNative) {
    referenceBackend.gemm(call, out);
    return;
  }
  assertLength('gemm', 'a', a.length, m * k);
  assertLength('gemm', 'b', b.length, k * n);
  assertLength('gemm', 'out', out.length, m * n);
  if (bias !== undefined) assertLength('gemm', 'bias', bias.length, n);
  const packed = packGemmI8(context, { n, k, b, bLayout, bZeroPoint });
  gemmI8(context, packed, { m, a, aZeroPoint }, out);
  if (bias !== undefined) addBias('gemm', out, bias, 1);
}

/** See core's integerConv2d; NCHW is turned to NHWC and back. */
export function conv2d(context: NativeContext, call: IntegerConv2d, out: Int32Array): void {
  const { input, weight, weightShape, layout, inputZeroPoint, bias, groups, strides, pads } = call;
  const dilations = call.dilations ?? [1, 1];
  const outShape = integerConv2dShape(call);
  const count = outShape.reduce((product, size) => product * size, 1);
  const kernel = layout === 'NCHW' ? weightShape.slice(2) : weightShape.slice(1, 3);
  const reach = kernel.map((size, axis) => (size - 1) * (dilations[axis] as number) + 1);
  const isPadded = (pads ?? []).some((pad, side) => pad >= (reach[side % 2] as number));
  if (!isBytes(input) || !isBytes(weight) || count === 0 || input.length === 0 || isPadded) {
    referenceBackend.conv2d(call, out);
    return;
  }
  assertLength('conv2d', 'out', out.length, count);
  const isChannelsFirst = layout === 'NCHW';
  const toLast = <Array extends Codes>(codes: Array, shape: readonly number[]): readonly [Array, readonly number[]] => {
    if (!isChannelsFirst) return [codes, shape];
    const [n, c, h, w] = shape as [number, number, number, number];
    const turned = codes.slice() as Array;
    transpose(context, shape, [0, 2, 3, 1], bytesOf(codes), bytesOf(turned));
    return [turned, [n, h, w, c]];
  };
  const [x, inputShape] = toLast(input, call.inputShape);
  const [w, shape] = toLast(weight, weightShape);
  const { weightZeroPoint } = call;
  const packed = packConv2dI8(context, { weight: w, weightShape: shape, weightZeroPoint, groups, dilations });
  const accumulators = isChannelsFirst ? new Int32Array(count) : out;
  conv2dI8(context, packed, { input: x, inputShape, inputZeroPoint, strides, pads }, accumulators);
  const outputs = weightShape[0] as number;
  if (isChannelsFirst) {
    const [n, c, h, width] = outShape as [number, number, number, number];
    transpose(context, [n, h, width, c], [0, 3, 1, 2], accumulators, out);
  }
  if (bias === undefined) return;
  assertLength('conv2d', 'bias', bias.length, outputs);
  addBias('conv2d', out, bias, isChannelsFirst ? count / ((outShape[0] as number) * outputs) : 1);
}

// — internals —

function isBytes(codes: unknown): codes is Codes {
  return codes instanceof Int8Array || codes instanceof Uint8Array;
}

/** The same bytes: moving codes does not ask for their sign. */
function bytesOf(codes: Codes): Uint8Array {
  return new Uint8Array(codes.buffer, codes.byteOffset, codes.length);
}

function assertLength(operation: string, name: string, received: number, expected: number): void {
  if (received === expected) return;
  throw new ShapeMismatchError({
    operation: `[kernels-native] ${operation}`,
    expected: `${name} of length ${expected}`,
    received: `length ${received}`,
  });
}

/** acc[i] += bias[(i / inner) mod channels], exactly. */
function addBias(operation: string, acc: Int32Array, bias: Int32Array, inner: number): void {
  for (let start = 0, channel = 0; start < acc.length; start += inner, channel = (channel + 1) % bias.length) {
    const addend = bias[channel] as number;
    for (let i = start; i < start + inner; i++) {
      const sum = (acc[i] as number) + addend;
      if (sum !== (sum | 0)) throw overflow(operation, sum, i);
      acc[i] = sum;
    }
  }
}

function overflow(operation: string, sum: number, index: number): AccumulatorOverflowError {
  return new AccumulatorOverflowError({
    operation: `[kernels-native] ${operation}`,
    expected: 'accumulator plus bias within int32',
    received: `${sum} at output ${index}`,
    hint: 'Use a larger weight scale for this channel.',
  });
}
