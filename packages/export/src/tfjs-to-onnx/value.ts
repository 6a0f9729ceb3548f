/** Sizes of the axes; null where only a run decides (batch, sequence length, image size). */
export type Shape = readonly (number | null)[];

/** Element type of a value. */
export type ValueType = 'float32' | 'int32' | 'bool';

/**
 * A tensor of the ONNX graph that stands for a tensor of the TensorFlow.js model.
 *
 * `shape` is TensorFlow.js' own (N, H, W, C). The ONNX tensor may hold the same numbers in another order of axes, so that
 * convolutions need no transpositions around them: its axis i is axis `layout[i]` of `shape`. NCHW data has layout [0, 3, 1, 2].
 */
export interface Value {
  readonly name: string;
  readonly type: ValueType;
  readonly shape: Shape;
  readonly layout: readonly number[];
  /**
   * For [N, F] values that were flattened in another order: entry j of the ONNX tensor is feature `featureOrder[j]`.
   * Dense layers permute the rows of their kernel instead of the data.
   */
  readonly featureOrder?: Int32Array;
  /** Whether Keras passes a mask along: layers that look at it cannot be converted. */
  readonly isMasked?: boolean;
}

/** The order of axes TensorFlow.js has: 0, 1, 2 … */
export function plainLayout(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** Channels behind the batch axis: [0, C, spatial…], given the logical axis of the channels. */
export function channelsFirstLayout(rank: number, channelAxis: number): number[] {
  return [0, channelAxis, ...plainLayout(rank).filter((axis) => axis !== 0 && axis !== channelAxis)];
}

export function sameLayout(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** Whether the ONNX tensor holds exactly what TensorFlow.js' tensor holds, in the same order. */
export function isPlain(value: Value): boolean {
  return value.featureOrder === undefined && sameLayout(value.layout, plainLayout(value.layout.length));
}

/** Sizes of the axes of the ONNX tensor, in its own order. */
export function physicalShape(value: Value): Shape {
  return value.layout.map((axis) => value.shape[axis] ?? null);
}

/** Axis of the ONNX tensor that holds a (possibly negative) axis of the TensorFlow.js tensor. */
export function physicalAxis(value: Value, axis: number): number {
  return value.layout.indexOf(axis < 0 ? axis + value.shape.length : axis);
}
