import { ShapeMismatchError } from '../errors';
import { elementCount, type TensorView } from '../tensor-view';

/** The data as float32 and the number of parameters of a batch: 1, or shape[axis]. */
export interface Batch {
  readonly data: Float32Array;
  readonly channels: number;
  /** Elements per channel. */
  readonly share: number;
}

/**
 * Checks a batch once at the boundary. Data of another element type are rounded to float32.
 *
 * @throws {ShapeMismatchError} when data and shape disagree or the axis does not exist
 */
export function batchOf(x: TensorView<ArrayLike<number>>, axis: number | undefined, tensor: string): Batch {
  const operation = `[core] observe "${tensor}"`;
  if (elementCount(x.shape) !== x.data.length) {
    throw new ShapeMismatchError({
      operation,
      expected: `${elementCount(x.shape)} elements for shape [${x.shape.join(',')}]`,
      received: `${x.data.length}`,
    });
  }
  const channels = axis === undefined ? 1 : x.shape[axis];
  if (channels === undefined) {
    throw new ShapeMismatchError({
      operation,
      expected: `a batch with an axis ${axis}`,
      received: `shape [${x.shape.join(',')}]`,
      hint: 'Axes count from 0.',
    });
  }
  const data = x.data instanceof Float32Array ? x.data : Float32Array.from(x.data);
  return { data, channels, share: channels === 0 ? 0 : data.length / channels };
}

/** Runs at least this long are visited in place; shorter ones are gathered. */
const shortestRun = 256;

/**
 * Calls `visit(channel, values)` with the elements of each channel in contiguous pieces: views of the batch where the layout
 * allows it, else one gathered copy, whose memory is reused, so `values` must not be kept. Each channel's pieces come in data
 * order.
 */
export function forEachChannel(
  x: TensorView<ArrayLike<number>>,
  axis: number | undefined,
  batch: Batch,
  visit: (channel: number, values: Float32Array) => void,
): void {
  const { data, channels, share } = batch;
  if (data.length === 0) return;
  if (axis === undefined) {
    visit(0, data);
    return;
  }
  const inner = elementCount(x.shape.slice(axis + 1));
  const outer = share / inner;
  if (outer === 1 || inner >= shortestRun) {
    for (let o = 0, start = 0; o < outer; o++) {
      for (let c = 0; c < channels; c++, start += inner) visit(c, data.subarray(start, start + inner));
    }
    return;
  }
  const values = new Float32Array(share);
  for (let c = 0; c < channels; c++) {
    for (let o = 0, to = 0; o < outer; o++) {
      const from = (o * channels + c) * inner;
      for (let i = 0; i < inner; i++) values[to++] = data[from + i] as number;
    }
    visit(c, values);
  }
}
