import type { backend_util, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { DeferredResult } from '../deferred/deferred-result';
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

/** What a data bucket starts with. */
export interface StoredValues {
  /** Absent for complex64, which lives in two buckets of its own, and for work not done yet. */
  readonly values: backend_util.BackendValues | undefined;
  /** The pooled memory `values` looks into. */
  readonly block: PooledBlock | undefined;
}

/**
 * One data bucket. Its public fields are those of tfjs' own cpu backend, because that backend's kernels read and fill them.
 *
 * A bucket may hold work instead of numbers (`deferred`); whoever asks for `values` has it done.
 */
export class TensorStorage {
  readonly dtype: DataType;
  /** Tensors that share this bucket. */
  refCount: number;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  #stored: StoredValues;
  #deferred: DeferredResult | undefined;

  constructor(dtype: DataType, refCount: number, stored: StoredValues, deferred?: DeferredResult) {
    this.dtype = dtype;
    this.refCount = refCount;
    this.#stored = stored;
    this.#deferred = deferred;
  }

  get values(): backend_util.BackendValues | undefined {
    if (this.#deferred !== undefined) {
      this.#stored = this.#deferred.finish();
      this.#deferred = undefined;
    }
    return this.#stored.values;
  }

  /** Replaces the array by one of another type with the same numbers. */
  set values(values: backend_util.BackendValues | undefined) {
    this.#stored = { values, block: this.#stored.block };
  }

  get block(): PooledBlock | undefined {
    return this.#stored.block;
  }

  /** The work that nobody has asked for yet. */
  get deferred(): DeferredResult | undefined {
    return this.#deferred;
  }
}
