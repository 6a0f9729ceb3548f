import type { ConvolutionBackend, FloatClamp } from '@bitwright/core';
import { maskGradient } from './convolution-step';
import { addGradient, type Slot, type Step } from './slot';

/** y = clamp(a + b), both of the shape of y. */
export function addStep(
  kernels: ConvolutionBackend,
  a: Slot,
  b: Slot,
  y: Slot,
  clamp: FloatClamp | undefined,
  scratch: Float32Array,
): Step {
  return {
    forward() {
      kernels.add(a.value, b.value, y.value, clamp);
    },
    backward() {
      if (clamp !== undefined) maskGradient(y, clamp);
      for (const operand of [a, b]) addGradient(operand, scratch, (out) => out.set(y.gradient));
    },
  };
}

/** y = clamp(x): Relu or Clip. */
export function clampStep(x: Slot, y: Slot, clamp: FloatClamp, scratch: Float32Array): Step {
  const { min, max } = clamp;
  return {
    forward() {
      const [input, out] = [x.value, y.value];
      for (let i = 0; i < out.length; i++) {
        const v = input[i] as number;
        out[i] = Math.min(Math.max(v, min), max);
      }
    },
    backward() {
      maskGradient(y, clamp);
      addGradient(x, scratch, (out) => out.set(y.gradient));
    },
  };
}

/** y(n,h,w,·) = the channels of all parts, one after the other. */
export function concatStep(parts: readonly Slot[], y: Slot, scratch: Float32Array): Step {
  const { channels } = y.shape;
  const offsets = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.shape.channels, 0));
  /** Calls back with the first element of each pixel in a part and in y. */
  const forEachPixel = (i: number, visit: (from: number, to: number, count: number) => void): void => {
    const { shape, value } = parts[i] as Slot;
    const offset = offsets[i] as number;
    for (let from = 0, to = offset; from < value.length; from += shape.channels, to += channels) {
      visit(from, to, shape.channels);
    }
  };
  return {
    forward() {
      const out = y.value;
      for (const [i, { value }] of parts.entries()) {
        forEachPixel(i, (from, to, count) => {
          for (let c = 0; c < count; c++) out[to + c] = value[from + c] as number;
        });
      }
    },
    backward() {
      for (const [i, part] of parts.entries()) {
        addGradient(part, scratch, (out) => {
          forEachPixel(i, (from, to, count) => {
            for (let c = 0; c < count; c++) out[from + c] = y.gradient[to + c] as number;
          });
        });
      }
    },
  };
}

/**
 * y(i) = x(source(i)) within each sample; 0 where source is −1: Slice, Pad, Transpose, Reshape.
 *
 * @param source one entry per element of a sample of y
 */
export function moveStep(x: Slot, y: Slot, source: Int32Array, batch: number, scratch: Float32Array): Step {
  const from = x.value.length / batch;
  const to = source.length;
  return {
    forward() {
      const [read, out] = [x.value, y.value];
      for (let n = 0; n < batch; n++) {
        for (let i = 0; i < to; i++) {
          const at = source[i] as number;
          out[n * to + i] = at < 0 ? 0 : (read[n * from + at] as number);
        }
      }
    },
    backward() {
      addGradient(x, scratch, (out) => {
        out.fill(0);
        for (let n = 0; n < batch; n++) {
          for (let i = 0; i < to; i++) {
            const at = source[i] as number;
            if (at < 0) continue;
            const target = n * from + at;
            out[target] = (out[target] as number) + (y.gradient[n * to + i] as number);
          }
        }
      });
    },
  };
}

/** y(n, 1, 1, c) = mean of x(n, h, w, c) over all positions. */
export function averageStep(x: Slot, y: Slot, batch: number, scratch: Float32Array): Step {
  const { channels } = x.shape;
  const positions = x.shape.height * x.shape.width;
  const size = positions * channels;
  return {
    forward() {
      const [read, out] = [x.value, y.value];
      out.fill(0);
      for (let n = 0; n < batch; n++) {
        for (let i = 0, c = 0; i < size; i++) {
          const at = n * channels + c;
          out[at] = (out[at] as number) + (read[n * size + i] as number) / positions;
          c = c + 1 === channels ? 0 : c + 1;
        }
      }
    },
    backward() {
      addGradient(x, scratch, (out) => {
        for (let n = 0; n < batch; n++) {
          for (let i = 0, c = 0; i < size; i++) {
            out[n * size + i] = (y.gradient[n * channels + c] as number) / positions;
            c = c + 1 === channels ? 0 : c + 1;
          }
        }
      });
    },
  };
}
