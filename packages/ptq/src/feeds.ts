/** Element types a runtime accepts, spelled as onnxruntime spells them. */
export type FeedType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool';

export type FeedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** One input or output tensor of a model run: row-major data. onnxruntime's own Tensor satisfies it. */
export interface FeedTensor {
  readonly type: FeedType;
  readonly data: FeedArray;
  readonly dims: readonly number[];
}

/** Values for every input of one run, by input name. The first axis of each tensor is the samples. */
export type Feeds = Readonly<Record<string, FeedTensor>>;

/**
 * Samples a model can be run on, readable any number of times in the same order.
 *
 * A plain array of feeds, or any object whose `batches` starts from the first sample at each call.
 */
export interface SampleSource {
  /** Number of samples, where known before reading. */
  readonly length: number | undefined;
  /** What a report prints, e.g. `calib.npy [512,3,32,32] float32`. */
  readonly description: string;
  /** Yields up to `batchSize` samples at a time; ragged sources yield one at a time where shapes differ. */
  batches(batchSize: number): AsyncIterable<Feeds>;
}
