import { add, div, maximum, mul, sigmoid, type Tensor } from '@tensorflow/tfjs-core';
import { binaryGrid } from '../binary/binary-grid';
import { softSign } from '../ops/soft-sign';
import { boundsToGrid, softStaircase, softStaircaseTied } from '../ops/soft-staircase';
import { codesFromZero, lsqGradientScale } from './gradient-scale';
import { positive } from './positive';
import type { Grid, ParamValues, Quantizer, QuantizerContext, QuantizerParam, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, choiceOf, numberOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface DsqOptions {
  /** 1 to 8. One bit has the levels ±u. */
  readonly bits: number;
  /** α at the start, within (0, 0.5): the smaller, the closer the gradient's staircase is to the hard one. Default 0.2. */
  readonly alpha?: number;
  /** Learn α. Default true. */
  readonly learnAlpha?: boolean;
  /** `lsq` multiplies the gradients of l, u and α by 1/√(N·p); `none` is the paper's. Default `lsq`. */
  readonly gradientScale?: 'lsq' | 'none';
  /**
   * `free` learns l and u apart where the target lets the zero point be chosen, and asks for such a target on weights;
   * `symmetric` ties l to u. Default: `symmetric` for weights, `free` where possible for activations.
   */
  readonly bounds?: 'free' | 'symmetric';
}

const type = 'dsq';

/** α stays below this: the soft staircase turns into the identity towards 1. */
const largestAlpha = 0.5;

/**
 * Differentiable soft quantization: the clip bounds l, u and the softness α of a tanh staircase are learned; the forward rounds
 * hard, the backward is the staircase's derivative. α = 0.5·sigmoid(a) keeps it within (0, 0.5).
 *
 * One bit starts at u = 2·mean|x|: values beyond u get no gradient, and at the least squared error, u = mean|x|, those would be
 * four of ten.
 *
 * @see Gong et al. 2019, arXiv:1908.05033; formulas in ops/soft-staircase.ts, one bit in ops/soft-sign.ts
 */
export function dsq(options: DsqOptions): Quantizer {
  assertKnown(type, options, ['bits', 'alpha', 'learnAlpha', 'gradientScale', 'bounds']);
  const bits = bitsOf(type, options.bits, 1);
  const alpha = numberOf(type, 'alpha', options.alpha ?? 0.2, 0.01, 0.49);
  const isAlphaLearned = choiceOf(type, 'learnAlpha', options.learnAlpha ?? true, [true, false]);
  const scaling = choiceOf(type, 'gradientScale', options.gradientScale ?? 'lsq', ['lsq', 'none']);
  if (options.bounds !== undefined) choiceOf(type, 'bounds', options.bounds, ['free', 'symmetric']);
  if (bits === 1) choiceOf(type, 'bounds', options.bounds ?? 'symmetric', ['symmetric']);
  const isFree = (context: QuantizerContext): boolean => context.zeroPoint === 'free' && options.bounds !== 'symmetric';
  const logit = Math.log(alpha / (largestAlpha - alpha));
  const gradientScaleOf = (context: QuantizerContext): number => (scaling === 'lsq' ? lsqGradientScale(context) : 1);
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    choosesZeroPoint: bits > 1 && options.bounds !== 'symmetric',
    freesWeightZeroPoint: options.bounds === 'free',
    params: (context): readonly QuantizerParam[] => [
      ...(isFree(context) ? [{ name: 'lower', isTrainable: true, initial: -1 }] : []),
      { name: 'upper', isTrainable: true, initial: 1 },
      { name: 'alphaLogit', isTrainable: isAlphaLearned, initial: logit },
    ],
    initialise: ({ scale, zeroPoint, meanAbs }, context) => {
      if (bits === 1) return { upper: meanAbs.map((mean) => 2 * mean) };
      const { qmin, qmax } = context.codes;
      const bound = (code: number) => scale.map((s, g) => s * (code - (zeroPoint[g] as number)));
      if (isFree(context)) return { lower: bound(qmin), upper: bound(qmax) };
      return { upper: scale.map((s) => s * codesFromZero(context).qmax) };
    },
    apply(x, params, context) {
      const softness = mul(sigmoid(params['alphaLogit'] as Tensor), largestAlpha);
      const gradientScale = gradientScaleOf(context);
      if (isFree(context)) {
        const { lower, upper } = openBounds(params);
        return softStaircase(x, lower, upper, softness, { ...context.codes, gradientScale });
      }
      const upper = positive(params['upper'] as Tensor);
      if (bits === 1) return softSign(x, upper, softness, gradientScale);
      return softStaircaseTied(x, upper, softness, { ...codesFromZero(context), gradientScale });
    },
    grid(_x, params, context): Grid {
      if (bits === 1) return binaryGrid(context, positive(params['upper'] as Tensor));
      if (!isFree(context)) {
        return symmetricGrid(div(positive(params['upper'] as Tensor), codesFromZero(context).qmax), context);
      }
      const { lower, upper } = openBounds(params);
      return { ...boundsToGrid(lower, upper, context.codes), ...context.codes, isUniform: true };
    },
  });
}

/** The {@link dsq} quantizer as a type to register. */
export const dsqType: QuantizerType<DsqOptions> = /* @__PURE__ */ Object.freeze({ type, create: dsq });

/** l and u with u > l whatever the optimizer does. */
function openBounds(params: ParamValues): { lower: Tensor; upper: Tensor } {
  const lower = params['lower'] as Tensor;
  return { lower, upper: maximum(params['upper'] as Tensor, add(lower, 1e-6)) };
}
