import {
  abs,
  add,
  cast,
  customGrad,
  div,
  type GradSaveFunc,
  gather,
  greater,
  greaterEqual,
  less,
  mul,
  onesLike,
  sub,
  type Tensor,
  tensor1d,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { sumToShape } from './sum-to-shape';

/** Levels of one sign, in units of the scale: magnitudes[0] = 0, ascending; thresholds[i] between magnitudes i and i + 1. */
export interface Levels {
  readonly magnitudes: readonly number[];
  readonly thresholds: readonly number[];
  readonly isSigned: boolean;
}

export interface LevelTableOptions extends Levels {
  /** Passes the gradient of clipped values too (APoT's weights). */
  readonly passesClipped: boolean;
  readonly gradientScale: number;
}

/**
 * Real numbers onto levels that are not uniform, with a learned clipping level α (RCF of APoT; logarithmic levels).
 *
 *   y = α·sign(v)·Π(|v|),  v = x/α,  Π = the level whose thresholds enclose |v| (half-way goes up)
 *   g_x = g_y, or 0 where clipped
 *   ∂y/∂α = ±1 where |v| > 1;  Π(v) − v inside
 *
 * @see Li, Dong and Wang 2020, arXiv:1909.13144 §2.3
 */
export function toLevels(x: Tensor, alpha: Tensor, options: LevelTableOptions): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, a, save] = args as [Tensor, Tensor, GradSaveFunc];
    const level = levelOf(div(input, a), options);
    save([input, a, level]);
    return {
      value: mul(level, a),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xs, as, levels] = saved as [Tensor, Tensor, Tensor];
        const v = div(xs, as);
        const above = greater(v, 1);
        const below = less(v, options.isSigned ? -1 : 0);
        const inside = sub(levels, v);
        const low = options.isSigned ? mul(onesLike(v), -1) : zerosLike(v);
        const slope = where(above, onesLike(v), where(below, low, inside));
        const open = where(above, zerosLike(dy), where(below, zerosLike(dy), dy));
        return [options.passesClipped ? dy : open, mul(sumToShape(mul(dy, slope), as.shape), options.gradientScale)];
      },
    };
  })(x, alpha);
}

/** Π: the level of every number, in units of the scale. One comparison per threshold, so meant for few bits. */
export function levelOf(v: Tensor, { magnitudes, thresholds, isSigned }: Levels): Tensor {
  const magnitude = isSigned ? abs(v) : v;
  const passed = thresholds
    .map((threshold) => cast(greaterEqual(magnitude, Math.fround(threshold)), 'int32'))
    .reduce((sum, next) => add(sum, next));
  const level = gather(tensor1d([...magnitudes]), passed);
  return isSigned ? where(less(v, 0), mul(level, -1), level) : level;
}
