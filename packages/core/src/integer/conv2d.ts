import { codesOf, type QuantizedArray } from '../dtype';
import { ShapeMismatchError } from '../errors';
import { addBias, assertCounts, assertDepth, assertLength, perChannel } from './accumulator';
import { type ImageGeometry, type ImageLayout, imageGeometry, imageShape, resolveWindow, windowCount } from './window';

/** A 2-D convolution of codes. */
export interface IntegerConv2d {
  readonly layout: ImageLayout;
  /** Codes in `inputShape`, whose axes are in the order of `layout`. */
  readonly input: QuantizedArray;
  readonly inputShape: readonly number[];
  readonly inputZeroPoint: number;
  /** Codes [O, C/groups, KH, KW] for NCHW, [O, KH, KW, C/groups] for NHWC. */
  readonly weight: QuantizedArray;
  readonly weightShape: readonly number[];
  /** One for all, or one per output channel [O]. */
  readonly weightZeroPoint: number | Int32Array;
  /** Int32 [O], in units of scaleX·scaleW. */
  readonly bias?: Int32Array;
  /** Default [1, 1]. */
  readonly strides?: readonly [number, number];
  /** Default [1, 1]. */
  readonly dilations?: readonly [number, number];
  /** [top, left, bottom, right]; default all 0. */
  readonly pads?: readonly [number, number, number, number];
  /** Default 1; the number of input channels makes it depthwise. */
  readonly groups?: number;
}

/**
 * Zero-point-corrected integer convolution.
 *
 * Formula:  acc[n, o, y, x] = bias[o] + Σ_{c,i,j} (in[n, c, y·s + i·d − p, x·s + j·d − p] − z_x)(w[o, c, i, j] − z_w[o])
 *           with c over the input channels of o's group. A tap in the padding adds 0: real 0, that is code z_x.
 * Shapes:   result [N, O, OH, OW] (NHWC: [N, OH, OW, O]) as {@link integerConv2dShape} says
 * Units:    real value = scaleX · scaleW[o] · acc
 * Overflow: C/groups·KH·KW is at most maxDepth of the storage types and zero points
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @throws {AccumulatorOverflowError} when the window is too deep, or a bias leaves int32
 * @see ONNX ConvInteger-10, QLinearConv-10
 */
export function integerConv2d(call: IntegerConv2d, out?: Int32Array): Int32Array {
  const { x, w, y, window, groups } = resolveConv(call);
  const acc = out ?? new Int32Array(y.count);
  assertLength(operation, 'out', acc.length, y.count);
  const weightZeroPoints = perChannel(operation, 'weightZeroPoint', call.weightZeroPoint, w.size.n);
  const depth = w.size.c * w.size.h * w.size.w;
  assertDepth(
    operation,
    depth,
    { codes: codesOf(call.input), zeroPoint: call.inputZeroPoint },
    { codes: codesOf(call.weight), zeroPoints: weightZeroPoints },
  );
  const outputsPerGroup = w.size.n / groups;
  const [strideH, strideW] = window.strides;
  const [top, left] = window.pads;
  for (let n = 0; n < y.size.n; n++) {
    for (let o = 0; o < y.size.c; o++) {
      const firstChannel = Math.floor(o / outputsPerGroup) * w.size.c;
      const xStart = n * x.stride.n + firstChannel * x.stride.c;
      const yStart = n * y.stride.n + o * y.stride.c;
      for (let row = 0; row < y.size.h; row++) {
        for (let column = 0; column < y.size.w; column++) {
          acc[yStart + row * y.stride.h + column * y.stride.w] = windowSum(
            call,
            x,
            w,
            window.dilations,
            xStart,
            o * w.stride.n,
            row * strideH - top,
            column * strideW - left,
            weightZeroPoints[o] as number,
          );
        }
      }
    }
  }
  if (call.bias !== undefined) {
    assertLength(operation, 'bias', call.bias.length, w.size.n);
    addBias(operation, acc, call.bias, y.stride.c);
  }
  return acc;
}

/**
 * Shape of the result, in the order of the layout.
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 */
export function integerConv2dShape(call: IntegerConv2d): readonly number[] {
  const { n, c, h, w } = resolveConv(call).y.size;
  return imageShape(call.layout, n, c, h, w);
}

// — internals —

const operation = '[core] integerConv2d';

/** Σ over one window whose upper left tap is at (top, left) of the input; taps outside the image add nothing. */
function windowSum(
  { input, weight, inputZeroPoint }: IntegerConv2d,
  x: ImageGeometry,
  w: ImageGeometry,
  dilations: readonly [number, number],
  xStart: number,
  wStart: number,
  top: number,
  left: number,
  weightZeroPoint: number,
): number {
  let acc = 0;
  for (let i = 0; i < w.size.h; i++) {
    const h = top + i * dilations[0];
    if (h < 0 || h >= x.size.h) continue;
    for (let j = 0; j < w.size.w; j++) {
      const v = left + j * dilations[1];
      if (v < 0 || v >= x.size.w) continue;
      let xIndex = xStart + h * x.stride.h + v * x.stride.w;
      let wIndex = wStart + i * w.stride.h + j * w.stride.w;
      for (let c = 0; c < w.size.c; c++, xIndex += x.stride.c, wIndex += w.stride.c) {
        acc += ((input[xIndex] as number) - inputZeroPoint) * ((weight[wIndex] as number) - weightZeroPoint);
      }
    }
  }
  return acc;
}

function resolveConv(call: IntegerConv2d): {
  x: ImageGeometry;
  w: ImageGeometry;
  y: ImageGeometry;
  window: ReturnType<typeof resolveWindow>;
  groups: number;
} {
  const { layout, input, inputShape, weight, weightShape, groups = 1 } = call;
  const x = imageGeometry(operation, inputShape, layout);
  const w = imageGeometry(operation, weightShape, layout);
  assertCounts(operation, { groups }, 1);
  assertLength(operation, 'input', input.length, x.count);
  assertLength(operation, 'weight', weight.length, w.count);
  if (w.size.c * groups !== x.size.c || w.size.n % groups !== 0) {
    throw new ShapeMismatchError({
      operation,
      expected: `${x.size.c} input channels = groups · ${w.size.c}, and ${w.size.n} output channels a multiple of groups`,
      received: `groups ${groups}`,
    });
  }
  const { strides, dilations, pads } = call;
  const window = resolveWindow(operation, {
    kernel: [w.size.h, w.size.w],
    ...(strides === undefined ? {} : { strides }),
    ...(dilations === undefined ? {} : { dilations }),
    ...(pads === undefined ? {} : { pads }),
  });
  const shape = imageShape(
    layout,
    x.size.n,
    w.size.n,
    windowCount(x.size.h, window, 0),
    windowCount(x.size.w, window, 1),
  );
  return { x, w, y: imageGeometry(operation, shape, layout), window, groups };
}
