import type { ContextHandle, Status } from '../binding';

/** The fields of a Conv2dShape in the order of qk::ConvShape. */
export type Conv2dArguments = [
  batch: number,
  inHeight: number,
  inWidth: number,
  inChannels: number,
  outHeight: number,
  outWidth: number,
  outChannels: number,
  filterHeight: number,
  filterWidth: number,
  strideHeight: number,
  strideWidth: number,
  dilationHeight: number,
  dilationWidth: number,
  padTop: number,
  padLeft: number,
];

/** bind_matrix.cc. */
export interface MatrixBinding {
  /** Floats of a packed matrix [k, n]; −1 for impossible sizes. */
  packedSizeF32(context: ContextHandle, k: number, n: number): number;
  packF32(
    context: ContextHandle,
    k: number,
    n: number,
    transposed: number,
    rowStride: number,
    b: Float32Array,
    packed: Float32Array,
  ): Status;
  gemmF32(
    context: ContextHandle,
    m: number,
    n: number,
    k: number,
    batch: number,
    transposeA: number,
    transposeB: number,
    rowStrideA: number,
    rowStrideB: number,
    rowStrideC: number,
    strideA: number,
    strideB: number,
    strideC: number,
    a: Float32Array,
    b: Float32Array,
    isPacked: number,
    bias: Float32Array | null,
    c: Float32Array,
    accumulate: number,
    minimum: number,
    maximum: number,
  ): Status;
  conv2dF32(
    context: ContextHandle,
    ...shapeThenArrays: [
      ...Conv2dArguments,
      x: Float32Array,
      filter: Float32Array,
      isPacked: number,
      bias: Float32Array | null,
      residual: Float32Array | null,
      y: Float32Array,
      minimum: number,
      maximum: number,
    ]
  ): Status;
  conv2dBackwardInputF32(
    context: ContextHandle,
    ...shapeThenArrays: [
      ...Conv2dArguments,
      dy: Float32Array,
      filter: Float32Array,
      residual: Float32Array | null,
      gate: Float32Array | null,
      dx: Float32Array,
    ]
  ): Status;
  conv2dBackwardFilterF32(
    context: ContextHandle,
    ...shapeThenArrays: [
      ...Conv2dArguments,
      x: Float32Array,
      dy: Float32Array,
      dfilter: Float32Array,
      dbias: Float32Array | null,
    ]
  ): Status;
}

/** bind_elementwise.cc. Operations are positions in elementwise-ops.ts. */
export interface ElementwiseBinding {
  unaryF32(
    context: ContextHandle,
    op: number,
    n: number,
    x: Float32Array,
    a: number,
    b: number,
    y: Float32Array,
  ): Status;
  binaryF32(
    context: ContextHandle,
    op: number,
    broadcast: Float64Array,
    a: Float32Array,
    b: Float32Array,
    parameter: number,
    limit: number,
    y: Float32Array,
  ): Status;
  compareF32(
    context: ContextHandle,
    op: number,
    broadcast: Float64Array,
    a: Float32Array,
    b: Float32Array,
    y: Uint8Array,
  ): Status;
  selectF32(
    context: ContextHandle,
    n: number,
    condition: Uint8Array,
    a: Float32Array,
    b: Float32Array,
    y: Float32Array,
  ): Status;
}

/** bind_reduce.cc. */
export interface ReduceBinding {
  reduceF32(
    context: ContextHandle,
    op: number,
    outer: number,
    length: number,
    inner: number,
    x: Float32Array,
    scale: number,
    out: Float32Array,
  ): Status;
  argReduceF32(
    context: ContextHandle,
    largest: number,
    outer: number,
    length: number,
    inner: number,
    x: Float32Array,
    out: Int32Array,
  ): Status;
  softmaxF32(
    context: ContextHandle,
    logarithm: number,
    rows: number,
    columns: number,
    x: Float32Array,
    y: Float32Array,
  ): Status;
  softmaxBackwardF32(
    context: ContextHandle,
    logarithm: number,
    rows: number,
    columns: number,
    dy: Float32Array,
    y: Float32Array,
    dx: Float32Array,
  ): Status;
  softmaxCrossEntropyF32(
    context: ContextHandle,
    rows: number,
    columns: number,
    logits: Float32Array,
    labels: Float32Array,
    loss: Float32Array,
    dlogits: Float32Array | null,
  ): Status;
}

/** The fields of a Pool2dShape in the order of qk::PoolShape. */
export type Pool2dArguments = [
  batch: number,
  inHeight: number,
  inWidth: number,
  channels: number,
  outHeight: number,
  outWidth: number,
  windowHeight: number,
  windowWidth: number,
  strideHeight: number,
  strideWidth: number,
  dilationHeight: number,
  dilationWidth: number,
  padTop: number,
  padLeft: number,
];

/** bind_pool.cc. Kinds are those of qk::PoolF32. */
export interface PoolBinding {
  pool2dF32(
    context: ContextHandle,
    kind: number,
    ...shapeThenArrays: [...Pool2dArguments, x: Float32Array, y: Float32Array]
  ): Status;
  pool2dBackwardF32(
    context: ContextHandle,
    kind: number,
    ...shapeThenArrays: [
      ...Pool2dArguments,
      dy: Float32Array,
      x: Float32Array | null,
      y: Float32Array | null,
      dx: Float32Array,
    ]
  ): Status;
  depthwiseConv2dF32(
    context: ContextHandle,
    ...shapeThenArrays: [
      ...Conv2dArguments,
      x: Float32Array,
      filter: Float32Array,
      bias: Float32Array | null,
      y: Float32Array,
      minimum: number,
      maximum: number,
    ]
  ): Status;
  depthwiseBackwardInputF32(
    context: ContextHandle,
    ...shapeThenArrays: [...Conv2dArguments, dy: Float32Array, filter: Float32Array, dx: Float32Array]
  ): Status;
  depthwiseBackwardFilterF32(
    context: ContextHandle,
    ...shapeThenArrays: [...Conv2dArguments, x: Float32Array, dy: Float32Array, dfilter: Float32Array]
  ): Status;
}

/** Method (0 nearest, 1 bilinear), switches and sizes of a resize, in the order of qk::ResizeF32Call. */
export type ResizeArguments = [
  method: number,
  alignCorners: number,
  halfPixelCenters: number,
  batch: number,
  inHeight: number,
  inWidth: number,
  channels: number,
  outHeight: number,
  outWidth: number,
];

/** bind_resize.cc. */
export interface ResizeBinding {
  resizeF32(context: ContextHandle, ...call: [...ResizeArguments, x: Float32Array, y: Float32Array]): Status;
  resizeBackwardF32(context: ContextHandle, ...call: [...ResizeArguments, dy: Float32Array, dx: Float32Array]): Status;
}
