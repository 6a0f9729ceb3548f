import {
  UnsortedSegmentSum,
  type UnsortedSegmentSumAttrs,
  type UnsortedSegmentSumInputs,
  util,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/**
 * tf.unsortedSegmentSum, which is the gradient of tf.gather and so of every embedding: out[segmentIds[r]] += x[r], ids out of range
 * left out. Shapes: x [R,…], segmentIds [R] → [numSegments,…].
 *
 * tfjs' cpu kernel makes one pass over all of x for each segment; this one makes one.
 */
export const unsortedSegmentSum: NativeKernel = nativeKernel<UnsortedSegmentSumInputs, UnsortedSegmentSumAttrs>(
  UnsortedSegmentSum,
  'float32, a list of int32 ids; one pass in JavaScript, not native code',
  ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) => {
    const isList = segmentIds.shape.length === 1 && segmentIds.dtype === 'int32' && segmentIds.shape[0] === x.shape[0];
    if (!areFloat32(x) || !isList || numSegments === 0) return undefined;
    const shape = [numSegments, ...x.shape.slice(1)];
    const { info, values } = backend.output(shape);
    values.fill(0);
    const source = backend.values(x);
    const width = util.sizeFromShape(x.shape.slice(1));
    for (const [row, id] of backend.values<'int32'>(segmentIds).entries()) {
      if (id < 0 || id >= numSegments) continue;
      const [from, to] = [row * width, id * width];
      for (let i = 0; i < width; i++) values[to + i] = (values[to + i] as number) + (source[from + i] as number);
    }
    return info;
  },
);
