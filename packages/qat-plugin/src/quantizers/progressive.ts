import type { JsonObject } from '@bitwright/core';
import { mul } from '@tensorflow/tfjs-core';
import type { ParamValues, Quantizer, QuantizerContext, QuantizerState, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, numberOf } from './quantizer-options';
import { type QuantizerJson, quantizerFromJson, quantizerToJson } from './registry';

export interface ProgressiveOptions {
  /** Bits at the start; default 8. */
  readonly from?: number;
  /** Fraction of training after which the inner quantizer's own bits are reached; default 0.5. */
  readonly until?: number;
}

interface ProgressiveJson extends Required<ProgressiveOptions> {
  readonly quantizer: QuantizerJson;
}

const type = 'progressive';

/**
 * Starts with more bits and takes them away while training goes on: bits(t) = round(from − (from − b)·min(t/until, 1)).
 * The clip range stays as it is when a bit goes, so a learned step doubles.
 *
 * @see Zhuang et al. 2018, "Towards Effective Low-bitwidth CNNs", arXiv:1711.00205 §3.2
 */
export function progressive(inner: Quantizer, options: ProgressiveOptions = {}): Quantizer {
  assertKnown(type, options, ['from', 'until']);
  const from = bitsOf(type, options.from ?? 8, inner.bits, 8);
  const until = numberOf(type, 'until', options.until ?? 0.5, 0, 1);
  const json: ProgressiveJson = { from, until, quantizer: quantizerToJson(inner) };
  const bitsAt = ({ progress }: QuantizerState): number =>
    until === 0 || progress >= until ? inner.bits : Math.round(from - ((from - inner.bits) * progress) / until);
  const at = (params: ParamValues, context: QuantizerContext, state: QuantizerState) =>
    widened(params, context, 2 ** (bitsAt(state) - inner.bits));
  return Object.freeze<Quantizer>({
    ...inner,
    type,
    options: json as unknown as JsonObject,
    apply(x, params, context, state) {
      const wide = at(params, context, state);
      return inner.apply(x, wide.params, wide.context, state);
    },
    grid(x, params, context, state) {
      const wide = at(params, context, state);
      return inner.grid(x, wide.params, wide.context, state);
    },
  });
}

export const progressiveType: QuantizerType<ProgressiveJson> = /* @__PURE__ */ Object.freeze({
  type,
  create: ({ quantizer, from, until }: ProgressiveJson) => progressive(quantizerFromJson(quantizer), { from, until }),
});

/** The same range with `factor` times as many codes: steps shrink, bounds stay. */
function widened(
  params: ParamValues,
  context: QuantizerContext,
  factor: number,
): { params: ParamValues; context: QuantizerContext } {
  if (factor === 1) return { params, context };
  const { qmin, qmax } = context.codes;
  const codes = { qmin: qmin * factor, qmax: qmax * factor };
  const zeroPoint = context.zeroPoint === 'free' ? context.zeroPoint : context.zeroPoint * factor;
  const step = params['step'];
  return {
    params: step === undefined ? params : { ...params, step: mul(step, 1 / factor) },
    context: { ...context, codes, zeroPoint },
  };
}
