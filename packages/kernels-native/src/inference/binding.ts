import type { ContextHandle, Status } from '../binding';

type Bytes = Int8Array | Uint8Array;

/** outputs, kernelHeight, kernelWidth, channels per group, groups, mergesColumns (qk::ConvI8Weights). */
export type ConvWeightArguments = readonly [number, number, number, number, number, number];

/** batch, height, width, outHeight, outWidth, strides, dilations, padTop, padLeft. */
export type ConvGeometryArguments = readonly [
  batch: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
  strideY: number,
  strideX: number,
  dilationY: number,
  dilationX: number,
  padTop: number,
  padLeft: number,
];

interface Calls {
  packConvI8(
    context: ContextHandle,
    source: Bytes,
    isTransposed: number,
    ...rest: [...ConvWeightArguments, packed: Int8Array, sums: Int32Array]
  ): Status;
  convI8(
    context: ContextHandle,
    ...rest: [
      ...ConvWeightArguments,
      packed: Int8Array,
      sums: Int32Array,
      weightZero: Int32Array | null,
      ...ConvGeometryArguments,
      input: Bytes,
      inputZero: number,
      bias: Int32Array | null,
      biasRoom: number,
      multiplier: Float32Array | null,
      addend: Float32Array | null,
      fixed: Int32Array | null,
      isFixedOnce: number,
      zeroPoint: number,
      qmin: number,
      qmax: number,
      out: Bytes | Int32Array | Float32Array,
    ]
  ): Status;
  packDepthwiseI8(
    context: ContextHandle,
    source: Bytes,
    channels: number,
    kernelHeight: number,
    kernelWidth: number,
    packed: Int8Array,
    sums: Int32Array,
  ): Status;
  depthwiseI8(
    context: ContextHandle,
    channels: number,
    kernelHeight: number,
    kernelWidth: number,
    packed: Int8Array,
    sums: Int32Array,
    ...rest: [
      ...ConvGeometryArguments,
      input: Bytes,
      inputZero: number,
      bias: Int32Array | null,
      biasRoom: number,
      multiplier: Float32Array,
      zeroPoint: number,
      qmin: number,
      qmax: number,
      out: Bytes,
    ]
  ): Status;
}

/** bind_inference.cc; every call also has an asynchronous form. */
export type InferenceBinding = Calls & {
  [Name in keyof Calls as `${Name}Async`]: (...args: Parameters<Calls[Name]>) => Promise<Status>;
};
