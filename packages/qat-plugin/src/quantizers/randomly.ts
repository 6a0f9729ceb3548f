import type { JsonObject } from '@bitwright/core';
import { less, randomUniform, type Tensor, where } from '@tensorflow/tfjs-core';
import type { Quantizer, QuantizerState, QuantizerType } from './quantizer';
import { assertKnown, numberOf } from './quantizer-options';
import { type QuantizerJson, quantizerFromJson, quantizerToJson } from './registry';

export interface RandomlyOptions {
  /** Probability that an element is quantized in a training step. */
  readonly probability: number;
  /** Default 0. */
  readonly seed?: number;
}

/** What a saved wrapper quantizer holds. */
interface RandomlyJson extends RandomlyOptions {
  readonly quantizer: QuantizerJson;
}

/**
 * Quant-noise: in each step a random part of the weights is quantized, the rest stays float and gets an exact gradient.
 *
 * w' = w + m⊙(q(w) − w), m ~ Bernoulli(rate) per element; everything is quantized at inference. rate 1 is the inner quantizer.
 *
 * @see Fan et al. 2021, arXiv:2004.07320
 */
export function quantNoise(
  inner: Quantizer,
  options: { readonly rate?: number; readonly seed?: number } = {},
): Quantizer {
  assertKnown('quantNoise', options, ['rate', 'seed']);
  return randomly('quantNoise', inner, { probability: options.rate ?? 0.1, seed: options.seed ?? 0 });
}

/**
 * QDrop: every activation is quantized with a probability and float otherwise, which flattens the loss around the quantized
 * model. Everything is quantized at inference.
 *
 * @see Wei et al. 2022, arXiv:2203.05740
 */
export function qdrop(inner: Quantizer, options: Partial<RandomlyOptions> = {}): Quantizer {
  assertKnown('qdrop', options, ['probability', 'seed']);
  return randomly('qdrop', inner, { probability: options.probability ?? 0.5, seed: options.seed ?? 0 });
}

export const quantNoiseType: QuantizerType<RandomlyJson> = /* @__PURE__ */ Object.freeze({
  type: 'quantNoise',
  create: ({ quantizer, probability, seed }: RandomlyJson) =>
    quantNoise(quantizerFromJson(quantizer), { rate: probability, seed: seed ?? 0 }),
});

export const qdropType: QuantizerType<RandomlyJson> = /* @__PURE__ */ Object.freeze({
  type: 'qdrop',
  create: ({ quantizer, probability, seed }: RandomlyJson) =>
    qdrop(quantizerFromJson(quantizer), { probability, seed: seed ?? 0 }),
});

// — internals —

function randomly(type: string, inner: Quantizer, options: Required<RandomlyOptions>): Quantizer {
  const probability = numberOf(type, 'probability', options.probability, 0, 1);
  const json: RandomlyJson = { probability, seed: options.seed, quantizer: quantizerToJson(inner) };
  return Object.freeze<Quantizer>({
    ...inner,
    type,
    options: json as unknown as JsonObject,
    apply(x, params, context, state) {
      const quantized = inner.apply(x, params, context, state);
      if (!state.isTraining || probability === 1) return quantized;
      return where(less(drawsOf(x, options.seed, state), probability), quantized, x);
    },
  });
}

/** Uniform numbers that depend on the seed and on how many draws there were, so that a loaded model goes on as saved. */
function drawsOf(x: Tensor, seed: number, { draws }: QuantizerState): Tensor {
  return randomUniform(x.shape, 0, 1, 'float32', seed * 65_537 + draws + 1);
}
