import type { OperatorName, OptionValue } from './schema/operators';
import type { TensorTypeName } from './schema/tensor-types';

/** Scales of a tensor: real = scale·(code − zeroPoint). */
export interface TfliteQuantization {
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array;
  /** Axis of the scales where there are several; 0 where there is one. */
  readonly dimension: number;
}

/** One tensor of a subgraph. */
export interface TfliteTensor {
  readonly name: string;
  readonly type: TensorTypeName;
  /** Sizes with 1 in the place of open axes. */
  readonly shape: readonly number[];
  /** The same sizes with −1 in the place of open axes; left out where all are fixed. */
  readonly signature?: readonly number[];
  /** Little-endian bytes of a constant; made when the file is written, so that they are never all in memory. */
  readonly data?: () => Uint8Array;
  readonly quantization?: TfliteQuantization;
}

/** One operator; −1 stands for an input that is left out. */
export interface TfliteOperator {
  readonly kind: OperatorName;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly version: number;
}

/** A model of one subgraph. */
export interface TfliteGraph {
  readonly description: string;
  readonly tensors: readonly TfliteTensor[];
  /** In the order they run. */
  readonly operators: readonly TfliteOperator[];
  /** Indices of tensors. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
