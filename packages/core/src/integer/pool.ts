import type { QuantizedArray } from '../dtype';
import { ShapeMismatchError } from '../errors';
import { roundHalfEven } from '../rounding';
import { assertLength } from './accumulator';
import { assertOutputHolds, type CodeOutput, type CodeTensor, saturateCode } from './code-tensor';
import {
  type ImageGeometry,
  type ImageLayout,
  imageGeometry,
  imageShape,
  resolveWindow,
  type Window2d,
  windowCount,
} from './window';

/** Pooling windows over an image tensor. */
export interface Pooling extends Window2d {
  readonly layout: ImageLayout;
  /** Axes in the order of `layout`. */
  readonly inputShape: readonly number[];
  /** Default false. */
  readonly ceilMode?: boolean;
}

/**
 * Shape of the result, in the order of the layout.
 *
 * @throws {ShapeMismatchError} when inputShape has not four axes
 */
export function poolShape(pooling: Pooling): readonly number[] {
  const { n, c, h, w } = resolvePooling('[core] poolShape', pooling).y.size;
  return imageShape(pooling.layout, n, c, h, w);
}

/**
 * Average pooling.
 *
 * Formula:  q = saturate(round(fround(fround(Σ(q_i − z_x)·r)/count)) + z_y),  r = fround(scale_x/scale_y), ties to even
 *           equal scales: the exact mean of the codes
 * count:    taps inside the image, or with `countIncludePad` also those in the padding (which hold real 0)
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @see ONNX AveragePool-22; com.microsoft QLinearAveragePool
 */
export function integerAveragePool(
  input: CodeTensor,
  pooling: Pooling & { readonly countIncludePad?: boolean },
  output: CodeOutput,
  out: QuantizedArray,
): QuantizedArray {
  const operation = '[core] integerAveragePool';
  const ratio = Math.fround(input.scale / output.scale);
  const { codes, zeroPoint } = input;
  const isPadCounted = pooling.countIncludePad ?? false;
  assertOutputHolds(operation, out, output);
  forEachWindow(operation, pooling, codes, out, (taps, inside, withPad) => {
    let sum = 0;
    for (let t = 0; t < inside; t++) sum += (codes[taps[t] as number] as number) - zeroPoint;
    const mean = Math.fround(Math.fround(Math.fround(sum) * ratio) / (isPadCounted ? withPad : inside));
    return saturateCode(roundHalfEven(mean) + output.zeroPoint, output);
  });
  return out;
}

/**
 * {@link integerAveragePool} over the whole image: result [N, C, 1, 1] (NHWC: [N, 1, 1, C]).
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 */
export function integerGlobalAveragePool(
  input: CodeTensor,
  pooling: Pick<Pooling, 'layout' | 'inputShape'>,
  output: CodeOutput,
  out: QuantizedArray,
): QuantizedArray {
  const { h, w } = imageGeometry('[core] integerGlobalAveragePool', pooling.inputShape, pooling.layout).size;
  return integerAveragePool(input, { ...pooling, kernel: [h, w] }, output, out);
}

/**
 * Max pooling: the largest code wins, so scale and zero point pass through; padding never wins.
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 */
export function integerMaxPool(codes: QuantizedArray, pooling: Pooling, out: QuantizedArray): QuantizedArray {
  forEachWindow('[core] integerMaxPool', pooling, codes, out, (taps, inside) => {
    let largest = codes[taps[0] as number] as number;
    for (let t = 1; t < inside; t++) {
      const code = codes[taps[t] as number] as number;
      if (code > largest) largest = code;
    }
    return largest;
  });
  return out;
}

// — internals —

/**
 * Calls `reduce(taps, inside, withPad)` for every output and stores its result: `taps` holds the `inside` input indices of
 * the window, `withPad` counts those plus the taps in the padding (not those beyond it, which ceilMode can reach).
 */
function forEachWindow(
  operation: string,
  pooling: Pooling,
  codes: QuantizedArray,
  out: QuantizedArray,
  reduce: (taps: Int32Array, inside: number, withPad: number) => number,
): void {
  const { x, y, window } = resolvePooling(operation, pooling);
  assertLength(operation, 'input', codes.length, x.count);
  assertLength(operation, 'out', out.length, y.count);
  const { kernel, strides, dilations, pads } = window;
  const taps = new Int32Array(kernel[0] * kernel[1]);
  for (let n = 0; n < y.size.n; n++) {
    for (let c = 0; c < y.size.c; c++) {
      const image = n * x.stride.n + c * x.stride.c;
      for (let row = 0; row < y.size.h; row++) {
        for (let column = 0; column < y.size.w; column++) {
          let inside = 0;
          let withPad = 0;
          for (let i = 0; i < kernel[0]; i++) {
            const h = row * strides[0] - pads[0] + i * dilations[0];
            if (h >= x.size.h + pads[2]) break;
            for (let j = 0; j < kernel[1]; j++) {
              const w = column * strides[1] - pads[1] + j * dilations[1];
              if (w >= x.size.w + pads[3]) break;
              withPad++;
              if (h < 0 || h >= x.size.h || w < 0 || w >= x.size.w) continue;
              taps[inside++] = image + h * x.stride.h + w * x.stride.w;
            }
          }
          if (inside === 0) throw emptyWindow(operation, row, column);
          const index = n * y.stride.n + c * y.stride.c + row * y.stride.h + column * y.stride.w;
          out[index] = reduce(taps, inside, withPad);
        }
      }
    }
  }
}

function emptyWindow(operation: string, row: number, column: number): ShapeMismatchError {
  return new ShapeMismatchError({
    operation,
    expected: 'at least one input value in every window',
    received: `none at output (${row}, ${column})`,
  });
}

function resolvePooling(
  operation: string,
  pooling: Pooling,
): { x: ImageGeometry; y: ImageGeometry; window: Required<Window2d> } {
  const { layout, inputShape, ceilMode = false } = pooling;
  const x = imageGeometry(operation, inputShape, layout);
  const window = resolveWindow(operation, pooling);
  const height = windowCount(x.size.h, window, 0, ceilMode);
  const width = windowCount(x.size.w, window, 1, ceilMode);
  const shape = imageShape(layout, x.size.n, x.size.c, height, width);
  return { x, y: imageGeometry(operation, shape, layout), window };
}
