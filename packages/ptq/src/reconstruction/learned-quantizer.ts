import { createAdam } from './adam';
import type { DropMask } from './drop-mask';
import { addGradient, type Slot, type Step } from './slot';

/** Bounds that a learned scale stays within. */
export interface ScaleBounds {
  readonly min: number;
  readonly max: number;
}

/** The scale and zero point of an activation quantizer while they are learned. */
export interface LearnedQuantizer {
  readonly qmin: number;
  readonly qmax: number;
  readonly scale: number;
  /** Rounded: what a file would hold. */
  readonly zeroPoint: number;
  /** Gradients of the loss, summed by the backward pass; reset by `update`. */
  scaleGradient: number;
  zeroPointGradient: number;
  /** One step of Adam; the rate is relative to the scale it began with (to one code for the zero point). */
  update(rate: number): void;
}

export interface QuantizerStart {
  readonly qmin: number;
  readonly qmax: number;
  readonly scale: number;
  readonly zeroPoint: number;
  /** Of the scale while it is learned; undefined: neither scale nor zero point changes. */
  readonly bounds: ScaleBounds | undefined;
}

/**
 * A quantizer with a learned step size (LSQ) and, where the zero point is neither end of the codes, a learned zero point.
 *
 * @see Esser et al. 2020, arXiv:1902.08153; Bhalgat et al. 2020, arXiv:2004.09576
 */
export function createLearnedQuantizer(start: QuantizerStart): LearnedQuantizer {
  const { qmin, qmax, bounds } = start;
  const isShifted = start.zeroPoint > qmin && start.zeroPoint < qmax;
  const adam = createAdam(2);
  let scale = start.scale;
  let position = start.zeroPoint;
  return {
    qmin,
    qmax,
    get scale() {
      return scale;
    },
    get zeroPoint() {
      return Math.min(Math.max(Math.round(position), qmin), qmax);
    },
    scaleGradient: 0,
    zeroPointGradient: 0,
    update(rate) {
      if (bounds !== undefined) {
        adam.next();
        const next = scale - rate * start.scale * adam.step(0, this.scaleGradient);
        scale = Math.fround(Math.min(Math.max(next, bounds.min), bounds.max));
        if (isShifted) position -= rate * (qmax - qmin) * adam.step(1, this.zeroPointGradient);
      }
      this.scaleGradient = 0;
      this.zeroPointGradient = 0;
    },
  };
}

/** 1.5·2^52: adding and subtracting it rounds a double of moderate size to the nearest integer, ties to even. */
const rounding = 6755399441055744;

/**
 * Fake quantization of the elements that a mask chooses; the others pass unchanged (QDrop).
 *
 *   v = x/s,  r = clip(round(v), low, high),  low = qmin − z, high = qmax − z
 *   y = m·(s·r) + (1−m)·x
 *   dx = dy·(1 − m·1[v outside]),  ds = Σ dy·m·(r − v inside; r outside),  dz = −Σ dy·m·s·1[v outside]
 *
 * @see Esser et al. 2020, arXiv:1902.08153 eq. 3; Wei et al. 2022, arXiv:2203.05740
 */
export function quantizeStep(
  x: Slot,
  y: Slot,
  quantizer: LearnedQuantizer,
  mask: DropMask,
  scratch: Float32Array,
): Step {
  const { words } = mask;
  return {
    forward() {
      const { scale } = quantizer;
      const low = quantizer.qmin - quantizer.zeroPoint;
      const high = quantizer.qmax - quantizer.zeroPoint;
      const inverse = 1 / scale;
      const input = x.value;
      const out = y.value;
      const count = input.length;
      for (let word = 0, i = 0; i < count; word++) {
        let bits = words[word] as number;
        const end = Math.min(i + 32, count);
        for (; i < end; i++) {
          const v = input[i] as number;
          let r = v * inverse + rounding - rounding;
          r = r < low ? low : r > high ? high : r;
          out[i] = v + (bits & 1) * (r * scale - v);
          bits >>>= 1;
        }
      }
    },
    backward() {
      const { scale } = quantizer;
      const low = quantizer.qmin - quantizer.zeroPoint;
      const high = quantizer.qmax - quantizer.zeroPoint;
      const inverse = 1 / scale;
      const input = x.value;
      const dy = y.gradient;
      const count = input.length;
      let scaleGradient = 0;
      let clipped = 0;
      const pass = (dx: Float32Array): void => {
        for (let word = 0, i = 0; i < count; word++) {
          let bits = words[word] as number;
          const end = Math.min(i + 32, count);
          for (; i < end; i++) {
            const g = dy[i] as number;
            const v = (input[i] as number) * inverse;
            const m = bits & 1;
            bits >>>= 1;
            if (v >= low && v <= high) {
              scaleGradient += m * g * (v + rounding - rounding - v);
              dx[i] = g;
            } else {
              scaleGradient += m * g * (v < low ? low : high);
              clipped += m * g;
              dx[i] = g * (1 - m);
            }
          }
        }
      };
      if (x.needsGradient) addGradient(x, scratch, pass);
      else pass(scratch);
      quantizer.scaleGradient += scaleGradient;
      quantizer.zeroPointGradient -= clipped * scale;
    },
  };
}
