import { fill, mul, type Tensor } from '@tensorflow/tfjs-core';
import { type Levels, toLevels } from '../ops/level-table';
import { stopGradient } from '../ops/scale-gradient';
import { codesFromZero } from './gradient-scale';
import type { Grid, Quantizer, QuantizerContext, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, plainOptions } from './quantizer-options';

export interface LogarithmicOptions {
  /** 2 to 4: more exponents do not fit eight-bit codes. */
  readonly bits: number;
}

const type = 'logarithmic';

/**
 * Powers of two with sign and zero: ŵ = sign(w)·2^e, e among 2^(bits−1) − 1 consecutive exponents up to Emax (2^bits − 1 for
 * tensors ≥ 0), the nearest level wins. Emax = ⌊log2(4·max|w|/3)⌋, fixed before training. Straight-through gradient within
 * ±2^Emax.
 *
 * @see Zhou et al. 2017 (INQ), arXiv:1702.03044; Miyashita et al. 2016, arXiv:1603.01025
 */
export function logarithmic(options: LogarithmicOptions): Quantizer {
  assertKnown(type, options, ['bits']);
  const bits = bitsOf(type, options.bits, 2, 4);
  const exponentsOf = (context: QuantizerContext): number =>
    (codesFromZero(context).qmin < 0 ? 2 ** (bits - 1) : 2 ** bits) - 1;
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ bits }),
    bits,
    roles: ['weight'],
    params: () => [{ name: 'largest', isTrainable: false, initial: 1 }],
    initialise: ({ min, max }) => ({
      largest: Array.from(min, (lo, g) => {
        const reach = Math.max(-lo, max[g] as number);
        return reach > 0 ? 2 ** Math.floor(Math.log2((4 * reach) / 3)) : 1;
      }),
    }),
    apply: (x, { largest }, context) =>
      toLevels(x, stopGradient(largest as Tensor), {
        ...powerLevels(exponentsOf(context), codesFromZero(context).qmin < 0),
        passesClipped: false,
        gradientScale: 0,
      }),
    grid(_x, { largest }, context): Grid {
      const unit = 2 ** (1 - exponentsOf(context));
      const isSigned = codesFromZero(context).qmin < 0;
      return {
        scale: mul(largest as Tensor, unit),
        zeroPoint: fill((largest as Tensor).shape, 0),
        qmin: isSigned ? -1 / unit : 0,
        qmax: 1 / unit,
        isUniform: false,
      };
    },
  });
}

/** The {@link logarithmic} quantizer as a type to register. */
export const logarithmicType: QuantizerType<LogarithmicOptions> = /* @__PURE__ */ Object.freeze({
  type,
  create: logarithmic,
});

function powerLevels(exponents: number, isSigned: boolean): Levels {
  const magnitudes = [0, ...Array.from({ length: exponents }, (_, i) => 2 ** (i + 1 - exponents))];
  const thresholds = magnitudes.slice(1).map((m, i) => (m + (magnitudes[i] as number)) / 2);
  return { magnitudes, thresholds, isSigned };
}
