import { apotMagnitudes, apotTerms } from '@bitwright/core';
import { add, div, fill, mean, mul, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { clippingLevel } from '../ops/clipping-level';
import { type Levels, toLevels } from '../ops/level-table';
import { stopGradient } from '../ops/scale-gradient';
import { codesFromZero, lsqGradientScale } from './gradient-scale';
import { positive } from './positive';
import type { Grid, Quantizer, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, choiceOf, numberOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface ApotOptions {
  /** 2 to 6. */
  readonly bits: number;
  /** Clipping level of the normalised weights at the start, in standard deviations. Default 3. */
  readonly level?: number;
  /** `uniform` activations can be exported as QuantizeLinear, `apot` ones (the paper's) cannot. Default `uniform`. */
  readonly activations?: 'uniform' | 'apot';
}

const type = 'apot';

/**
 * Additive powers of two with reparameterised clipping:
 *
 *   weights      w_n = (w − mean)/σ (mean, σ constant);  ŵ = σ·α·Π(clip(w_n/α, −1, 1))
 *                g_w = g;  g_α = σ·Σ g·{sign(v) where |v| > 1; Π(v) − v inside}
 *   activations  ŷ = α·Π(clip(x/α));  g_x = g where not clipped;  g_α as above
 *
 * Deviation: multiplied by σ again, so that a trained model starts as it was. Gradients of α are scaled by 1/√(N·p).
 *
 * @see Li, Dong and Wang 2020, arXiv:1909.13144 §2
 */
export function apot(options: ApotOptions): Quantizer {
  assertKnown(type, options, ['bits', 'level', 'activations']);
  const bits = bitsOf(type, options.bits, 2, 6);
  const start = numberOf(type, 'level', options.level ?? 3, 0.1, 20);
  const activations = choiceOf(type, 'activations', options.activations ?? 'uniform', ['uniform', 'apot']);
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    params: ({ role }) => [{ name: 'level', isTrainable: true, initial: role === 'weight' ? start : 1 }],
    initialise: ({ scale }, context) =>
      context.role === 'weight'
        ? { level: new Float32Array(scale.length).fill(start) }
        : { level: scale.map((s) => s * codesFromZero(context).qmax) },
    apply(x, params, context) {
      const level = positive(params['level'] as Tensor);
      const gradientScale = lsqGradientScale(context);
      if (context.role === 'activation') {
        const codes = codesFromZero(context);
        if (activations === 'uniform') {
          return clippingLevel(x, level, {
            ...codes,
            hasFullGradient: true,
            gradientScale: gradientScale * codes.qmax,
          });
        }
        const levels = levelsOf(bits, codes.qmin < 0);
        return toLevels(x, level, { ...levels, passesClipped: false, gradientScale });
      }
      const { center, deviation } = normalisation(x);
      const normalised = div(sub(x, stopGradient(center)), stopGradient(deviation));
      const options = { ...levelsOf(bits, true), passesClipped: true, gradientScale };
      return mul(toLevels(normalised, level, options), stopGradient(deviation));
    },
    grid(x, params, context): Grid {
      const level = positive(params['level'] as Tensor);
      const codes = codesFromZero(context);
      if (context.role === 'activation' && activations === 'uniform')
        return symmetricGrid(div(level, codes.qmax), context);
      const isSigned = codes.qmin < 0;
      const { unit, largest } = integersOf(bits, isSigned);
      const reach = context.role === 'weight' ? mul(level, normalisation(x as Tensor).deviation) : level;
      return {
        scale: mul(reach, unit),
        zeroPoint: fill(level.shape, 0),
        qmin: isSigned ? -largest : 0,
        qmax: largest,
        isUniform: false,
      };
    },
  });
}

/** The {@link apot} quantizer as a type to register. */
export const apotType: QuantizerType<ApotOptions> = /* @__PURE__ */ Object.freeze({ type, create: apot });

// — internals —

function levelsOf(bits: number, isSigned: boolean): Levels {
  const magnitudes = [...apotMagnitudes(isSigned ? bits - 1 : bits)];
  const thresholds = magnitudes.slice(1).map((m, i) => (m + (magnitudes[i] as number)) / 2);
  return { magnitudes, thresholds, isSigned };
}

/** The levels as whole multiples of `unit`: sums of powers of two have the smallest power as common measure. */
function integersOf(bits: number, isSigned: boolean): { unit: number; largest: number } {
  const terms = apotTerms(isSigned ? bits - 1 : bits);
  const smallest = Math.min(...terms.flat().filter((term) => term > 0));
  const total = terms.reduce((sum, term) => sum + Math.max(...term), 0);
  return { unit: smallest / total, largest: Math.round(total / smallest) };
}

/** Mean and standard deviation of the whole tensor; ε keeps constant weights finite. */
function normalisation(w: Tensor): { center: Tensor; deviation: Tensor } {
  const center = mean(w);
  return { center, deviation: add(sqrt(mean(square(sub(w, center)))), 1e-5) };
}
