import { InvalidArgumentError, type Target } from '@bitwright/core';
import type { SampleSource } from '../feeds';
import type { OnProgress } from '../progress';
import type { Runtime } from '../session';

/** gptq: column by column, the rest makes up for each error; adaround: up or down learned by gradient descent. */
export type RoundingMethod = 'gptq' | 'adaround';

export interface RoundWeightsOptions {
  readonly runtime: Runtime;
  /** Samples like those the model will see; read once per layer at most. */
  readonly source: SampleSource;
  readonly method: RoundingMethod;
  /** Target of the spec, where it is not a built-in one. */
  readonly target?: Target | undefined;
  /**
   * asymmetric: inputs come from the quantized prefix, targets from the float model, so each layer makes up for the errors before it,
   * and where its result is added to another one, for those of the sum; symmetric: both from the float model. Default `asymmetric`.
   */
  readonly reconstruction?: 'asymmetric' | 'symmetric' | undefined;
  /** Lets each bias follow: b ← E[t] − ŵ·E[x̃]. Default true. */
  readonly correctBiases?: boolean | undefined;
  /** Chooses the per-channel weight scales of layers with at most 64 levels anew. Default true. */
  readonly rescale?: boolean | undefined;
  /** Samples used at most. Default 512. */
  readonly samples?: number | undefined;
  /** Samples per run. Default 32. */
  readonly batchSize?: number | undefined;
  /** λ of gram + λI in units of its mean diagonal. Default 0.01. */
  readonly damping?: number | undefined;
  /** Iterations of AdaRound. Default 400. */
  readonly iterations?: number | undefined;
  /** Bytes of inner values kept between layers; 0 runs every layer from the model's inputs. Default 1 GiB. */
  readonly cacheBytes?: number | undefined;
  /** Seed of the positions drawn, an integer in [0, 2^32). Default 0. */
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Options with defaults filled in. */
export interface RoundingSettings {
  readonly method: RoundingMethod;
  readonly runtime: Runtime;
  readonly reconstruction: 'asymmetric' | 'symmetric';
  readonly correctBiases: boolean;
  readonly rescale: boolean;
  readonly samples: number;
  /** Samples there will be, where that is known beforehand. */
  readonly expectedSamples: number;
  readonly batchSize: number;
  readonly damping: number;
  readonly iterations: number;
  readonly cacheBytes: number;
  readonly seed: number;
}

/** @throws {InvalidArgumentError} for an option outside its range */
export function resolveRoundingOptions(options: RoundWeightsOptions): RoundingSettings {
  if (options.method !== 'gptq' && options.method !== 'adaround') {
    throw invalid('method gptq or adaround', JSON.stringify(options.method));
  }
  const samples = positive('samples', options.samples ?? 512);
  return {
    method: options.method,
    runtime: options.runtime,
    reconstruction: options.reconstruction ?? 'asymmetric',
    correctBiases: options.correctBiases ?? true,
    rescale: options.rescale ?? true,
    samples,
    expectedSamples: Math.max(1, Math.min(samples, options.source.length ?? samples)),
    batchSize: positive('batchSize', options.batchSize ?? 32),
    damping: atLeast0('damping', options.damping ?? 0.01),
    iterations: positive('iterations', options.iterations ?? 400),
    cacheBytes: atLeast0('cacheBytes', options.cacheBytes ?? 2 ** 30),
    seed: options.seed ?? 0,
  };
}

function positive(key: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw invalid(`${key} to be a positive integer`, String(value));
}

function atLeast0(key: string, value: number): number {
  if (value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  throw invalid(`${key} to be at least 0`, String(value));
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] roundWeights', expected, received });
}
