import type { ContextHandle, Status } from '../binding';
import type { ConvGeometryArguments } from '../inference/binding';

/** outputs, kernelHeight, kernelWidth, channels, isTernary (qk::ConvB1Weights). */
export type ConvB1Arguments = readonly [
  outputs: number,
  kernelHeight: number,
  kernelWidth: number,
  channels: number,
  isTernary: number,
];

interface Calls {
  packConvB1(
    context: ContextHandle,
    ...rest: [...ConvB1Arguments, source: Int8Array, packed: Uint8Array, tapSums: Int32Array, counts: Int32Array]
  ): Status;
  convB1(
    context: ContextHandle,
    ...rest: [
      ...ConvB1Arguments,
      packed: Uint8Array,
      tapSums: Int32Array,
      counts: Int32Array,
      ...ConvGeometryArguments,
      padding: number,
      input: Float32Array | Uint8Array,
      scale: Float32Array | null,
      offset: Float32Array | null,
      threshold: Int32Array | null,
      inverts: Uint8Array | null,
      out: Int32Array | Float32Array | Uint8Array,
    ]
  ): Status;
}

/** bind_binary.cc; every call also has an asynchronous form. */
export type BinaryBinding = Calls & {
  [Name in keyof Calls as `${Name}Async`]: (...args: Parameters<Calls[Name]>) => Promise<Status>;
};
