import type { backend_util, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { PooledBlock } from './buffer-pool';

/** Data types that native kernels read and write, and how tfjs stores each. */
interface ValuesByDType {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

export type NumericDType = keyof ValuesByDType;
export type ValuesOf<D extends NumericDType> = ValuesByDType[D];
export type NumericValues = ValuesOf<NumericDType>;

/**
 * One data bucket. Fields are those of tfjs' own cpu backend, because its kernels read and fill them; `block` is ours.
 */
export interface TensorStorage {
  /** Absent for complex64, which lives in two buckets of its own. */
  values?: backend_util.BackendValues | undefined;
  readonly dtype: DataType;
  /** Tensors that share this bucket. */
  refCount: number;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** The pooled memory `values` looks into. */
  readonly block: PooledBlock | undefined;
}
