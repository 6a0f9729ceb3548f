import type { ContextHandle, Status } from '../binding';
import type { Codes } from './codes';

interface Calls {
  elementwiseI8(
    context: ContextHandle,
    isAdd: number,
    a: Codes,
    zeroA: number,
    ratioA: number,
    b: Codes,
    zeroB: number,
    ratioB: number,
    out: Codes,
    zeroPoint: number,
    qmin: number,
    qmax: number,
  ): Status;
  lookupI8(context: ContextHandle, codes: Codes, table: Uint8Array, out: Codes): Status;
  concatI8(
    context: ContextHandle,
    codes: Codes,
    rows: number,
    width: number,
    table: Uint8Array,
    out: Codes,
    outWidth: number,
    column: number,
  ): Status;
  poolI8(
    context: ContextHandle,
    isAverage: number,
    ...rest: [
      ...sizes: readonly [batch: number, height: number, width: number, channels: number],
      outHeight: number,
      outWidth: number,
      ...kernel: readonly [number, number],
      ...strides: readonly [number, number],
      ...dilations: readonly [number, number],
      ...pads: readonly [top: number, left: number, bottom: number, right: number],
      countsPadding: number,
      input: Codes,
      zero: number,
      ratio: number,
      out: Codes,
      zeroPoint: number,
      qmin: number,
      qmax: number,
    ]
  ): Status;
  resizeI8(
    context: ContextHandle,
    batch: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    isLinear: number,
    roundsDown: number,
    coordinates: number,
    input: Codes,
    out: Codes,
  ): Status;
  softmaxI8(
    context: ContextHandle,
    rows: number,
    columns: number,
    input: Codes,
    table: Uint32Array,
    inverseScale: number,
    out: Codes,
    zeroPoint: number,
    qmin: number,
    qmax: number,
  ): Status;
}

/** bind_operators_i8.cc; every call also has an asynchronous form. */
export type OperatorsI8Binding = Calls & {
  [Name in keyof Calls as `${Name}Async`]: (...args: Parameters<Calls[Name]>) => Promise<Status>;
};
