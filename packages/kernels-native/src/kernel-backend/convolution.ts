import type { ConvolutionBackend, FloatConv2d } from '@bitwright/core';
import { conv2dBackwardFilterF32, conv2dBackwardInputF32, conv2dF32 } from '../float/conv2d';
import { depthwiseBackwardFilterF32, depthwiseBackwardInputF32, depthwiseConv2dF32 } from '../float/depthwise-conv2d';
import { binaryF32, unaryF32 } from '../float/elementwise';
import type { NativeContext } from '../native-context';

/** Core's float convolution on the native kernels: dense and depthwise as they are, other groups one after the other; and its sums. */
export function convolution(context: NativeContext): ConvolutionBackend {
  return Object.freeze<ConvolutionBackend>({
    convolve(shape, x, filter, bias, out, clamp) {
      const options = { bias, activation: clamp };
      const kind = kindOf(shape);
      if (kind === 'dense') conv2dF32(context, shape, x, filter, out, options);
      else if (kind === 'depthwise') depthwiseConv2dF32(context, shape, x, filter, out, options);
      else {
        forEachGroup(shape, (group, inside, offsets) => {
          const y = new Float32Array(offsets.out.count * inside.outChannels);
          conv2dF32(context, inside, take(x, offsets.x), take(filter, offsets.filter), y, {
            bias: bias.subarray(group * inside.outChannels, (group + 1) * inside.outChannels),
            activation: clamp,
          });
          put(y, out, offsets.out);
        });
      }
    },
    convolveBackwardInput(shape, dy, filter, dx) {
      const kind = kindOf(shape);
      if (kind === 'dense') conv2dBackwardInputF32(context, shape, dy, filter, dx);
      else if (kind === 'depthwise') depthwiseBackwardInputF32(context, shape, dy, filter, dx);
      else {
        forEachGroup(shape, (_, inside, offsets) => {
          const part = new Float32Array(offsets.x.count * inside.inChannels);
          conv2dBackwardInputF32(context, inside, take(dy, offsets.out), take(filter, offsets.filter), part);
          put(part, dx, offsets.x);
        });
      }
    },
    convolveBackwardFilter(shape, x, dy, dfilter) {
      const kind = kindOf(shape);
      if (kind === 'dense') conv2dBackwardFilterF32(context, shape, x, dy, dfilter);
      else if (kind === 'depthwise') depthwiseBackwardFilterF32(context, shape, x, dy, dfilter);
      else {
        forEachGroup(shape, (_, inside, offsets) => {
          const part = new Float32Array(offsets.filter.count * inside.outChannels);
          conv2dBackwardFilterF32(context, inside, take(x, offsets.x), take(dy, offsets.out), part);
          put(part, dfilter, offsets.filter);
        });
      }
    },
    add(a, b, out, clamp) {
      binaryF32(context, 'add', [a.length], a, [b.length], b, out);
      if (clamp !== undefined) unaryF32(context, 'clip', out, out, { a: clamp.min, b: clamp.max });
    },
  });
}

// — internals —

function kindOf({ groups, inChannels }: FloatConv2d): 'dense' | 'depthwise' | 'grouped' {
  return groups === 1 ? 'dense' : groups === inChannels ? 'depthwise' : 'grouped';
}

/** The columns [first, first + width) of a matrix [count, stride]. */
interface Columns {
  readonly first: number;
  readonly width: number;
  readonly stride: number;
  readonly count: number;
}

function forEachGroup(
  shape: FloatConv2d,
  visit: (
    group: number,
    inside: FloatConv2d,
    offsets: { readonly x: Columns; readonly filter: Columns; readonly out: Columns },
  ) => void,
): void {
  const { groups, inChannels, outChannels } = shape;
  const inGroup = inChannels / groups;
  const outGroup = outChannels / groups;
  const inside = { ...shape, inChannels: inGroup, outChannels: outGroup, groups: 1 };
  const columns = (group: number, width: number, stride: number, count: number): Columns => {
    return { first: group * width, width, stride, count };
  };
  for (let group = 0; group < groups; group++) {
    visit(group, inside, {
      x: columns(group, inGroup, inChannels, shape.batch * shape.inHeight * shape.inWidth),
      filter: columns(group, outGroup, outChannels, shape.filterHeight * shape.filterWidth * inGroup),
      out: columns(group, outGroup, outChannels, shape.batch * shape.outHeight * shape.outWidth),
    });
  }
}

function take(from: Float32Array, { first, width, stride, count }: Columns): Float32Array {
  const out = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const start = row * stride + first;
    out.set(from.subarray(start, start + width), row * width);
  }
  return out;
}

function put(part: Float32Array, to: Float32Array, { first, width, stride, count }: Columns): void {
  for (let row = 0; row < count; row++) to.set(part.subarray(row * width, (row + 1) * width), row * stride + first);
}
