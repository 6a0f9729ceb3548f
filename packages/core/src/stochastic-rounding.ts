import type { Rounder } from './rounding';
import type { SeededRandom } from './seeded-random';

/**
 * Unbiased random rounding:  ⌊x⌋ + 1[u < x − ⌊x⌋],  u uniform in [0, 1)  ⇒  E[round(x)] = x.
 *
 * Integers stay as they are; ±Infinity and NaN pass through. Draws one number per call, so the order of calls matters.
 *
 * @see Zhu et al. 2020, arXiv:1912.12607 (gradients in INT8 training)
 * @example quantize(x, scheme, qparams, undefined, stochasticRounder(seededRandom(1)))
 */
export function stochasticRounder(random: SeededRandom): Rounder {
  return (x) => {
    const below = Math.floor(x);
    const u = random.next();
    const fraction = x - below;
    if (u < fraction) return below + 1;
    return u >= fraction ? below : x;
  };
}
