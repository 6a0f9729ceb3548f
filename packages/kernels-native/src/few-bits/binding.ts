import type { ContextHandle, Status } from '../binding';

/** outputs, depth, bits, blockSize (qk::NBitsWeights). */
export type NBitsArguments = readonly [outputs: number, depth: number, bits: number, blockSize: number];

interface Calls {
  packNBits(
    context: ContextHandle,
    ...rest: [
      ...NBitsArguments,
      codes: Uint8Array,
      scales: Float32Array,
      zeros: Uint8Array | null,
      packed: Uint8Array,
      packedScales: Float32Array,
      packedZeros: Uint8Array,
    ]
  ): Status;
  matMulNBits(
    context: ContextHandle,
    ...rest: [
      ...NBitsArguments,
      packed: Uint8Array,
      scales: Float32Array,
      zeros: Uint8Array,
      rows: number,
      a: Float32Array,
      quantizes: number,
      bias: Float32Array | null,
      out: Float32Array,
    ]
  ): Status;
}

/** bind_few_bits.cc; every call also has an asynchronous form. */
export type FewBitsBinding = Calls & {
  [Name in keyof Calls as `${Name}Async`]: (...args: Parameters<Calls[Name]>) => Promise<Status>;
};
