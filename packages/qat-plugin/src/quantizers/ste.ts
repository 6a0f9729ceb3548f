import {
  abs,
  add,
  clipByValue,
  div,
  fill,
  max,
  maximum,
  min,
  minimum,
  mul,
  reshape,
  round,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { fakeQuantize } from '../ops/fake-quantize';
import { codesFromZero } from './gradient-scale';
import { positive } from './positive';
import type { Grid, ParamValues, Quantizer, QuantizerContext, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, choiceOf, numberOf, plainOptions } from './quantizer-options';

export interface SteOptions {
  /** 2 to 8. */
  readonly bits: number;
  /** Share of the old range kept when a batch is seen: range ← momentum·range + (1 − momentum)·observed. Default 0.9. */
  readonly momentum?: number;
  /**
   * Weights: `everyStep` takes min and max of the weights anew in each step, `calibrated` keeps the range chosen before
   * training. Default `everyStep` for 5 and more bits (nothing is clipped), `calibrated` below (a little clipping pays).
   */
  readonly weightRange?: 'everyStep' | 'calibrated';
}

const type = 'ste';

/**
 * The plain fake quantizer: ranges come from observers, gradients go straight through rounding.
 *
 * q(x) = s·(saturate(round(x/s) + z) − z);   ∂q/∂x = 1 where the code is in range, else 0; s and z are not learned.
 *
 * @see Bengio et al. 2013, arXiv:1308.3432; Jacob et al. 2018, arXiv:1712.05877
 */
export function ste(options: SteOptions): Quantizer {
  assertKnown(type, options, ['bits', 'momentum', 'weightRange']);
  const bits = bitsOf(type, options.bits);
  const momentum = numberOf(type, 'momentum', options.momentum ?? 0.9, 0, 1);
  const weightRange = choiceOf(type, 'weightRange', options.weightRange ?? (bits >= 5 ? 'everyStep' : 'calibrated'), [
    'everyStep',
    'calibrated',
  ]);
  const followsWeights = (context: QuantizerContext): boolean =>
    context.role === 'weight' && weightRange === 'everyStep';
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    choosesZeroPoint: true,
    params: (context) =>
      followsWeights(context)
        ? []
        : [
            { name: 'min', isTrainable: false, initial: context.zeroPoint === 0 && context.codes.qmin === 0 ? 0 : -1 },
            { name: 'max', isTrainable: false, initial: 1 },
          ],
    initialise: (calibration, context) =>
      followsWeights(context) ? {} : { min: calibration.min, max: calibration.max },
    apply(x, params, context) {
      const { scale, zeroPoint } = affine(followsWeights(context) ? extremes(x, context) : params, context);
      return fakeQuantize(x, scale, zeroPoint, context.codes);
    },
    observe(x, params, context): ParamValues {
      if (context.role === 'weight') return {};
      const seen = extremes(x, context);
      const follow = (name: 'min' | 'max'): Tensor =>
        add(mul(params[name] as Tensor, momentum), mul(seen[name] as Tensor, 1 - momentum));
      return { min: follow('min'), max: follow('max') };
    },
    grid(x, params, context): Grid {
      const range = followsWeights(context) ? extremes(x as Tensor, context) : params;
      return { ...affine(range, context), ...context.codes, isUniform: true };
    },
  });
}

/** The {@link ste} quantizer as a type to register. */
export const steType: QuantizerType<SteOptions> = /* @__PURE__ */ Object.freeze({ type, create: ste });

// — internals —

/** Smallest and largest value per parameter. */
function extremes(x: Tensor, { paramShape }: QuantizerContext): ParamValues {
  const offset = x.rank - paramShape.length;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis < offset || paramShape[axis - offset] === 1);
  return { min: reshape(min(x, axes), [...paramShape]), max: reshape(max(x, axes), [...paramShape]) };
}

/**
 * The formulas of core's chooseQParams on tensors, in float32:
 *   zero point fixed  s = max(−min/(z − qmin), max/(qmax − z))
 *   free              s = (max − min)/(qmax − qmin),  z = saturate(round(qmin − min/s))
 */
function affine(range: ParamValues, context: QuantizerContext): { scale: Tensor; zeroPoint: Tensor } {
  const low = minimum(range['min'] as Tensor, 0);
  const high = maximum(range['max'] as Tensor, 0);
  const { qmin, qmax } = context.codes;
  if (context.zeroPoint === 'free') {
    const scale = positive(div(sub(high, low), qmax - qmin));
    return { scale, zeroPoint: clipByValue(round(sub(qmin, div(low, scale))), qmin, qmax) };
  }
  const fromZero = codesFromZero(context);
  const reach = fromZero.qmin < 0 ? maximum(abs(low), high) : high;
  const scale = positive(div(reach, fromZero.qmax));
  return { scale, zeroPoint: fill(scale.shape, qmin - fromZero.qmin) };
}
