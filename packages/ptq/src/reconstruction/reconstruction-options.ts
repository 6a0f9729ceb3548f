import { type ConvolutionBackend, InvalidArgumentError, type Target } from '@bitwright/core';
import type { SampleSource } from '../feeds';
import type { OnProgress } from '../progress';
import type { Runtime } from '../session';

/** What can be said about the learning; all have defaults. */
export interface ReconstructionSettings {
  /** Iterations per block. Default 300. */
  readonly iterations: number;
  /** Samples per iteration; fewer where a block's values are large. Default 32. */
  readonly batchSize: number;
  /** Samples used at most. Default 512. */
  readonly samples: number;
  /** Learning rate of weights, in steps of their grid. Default 0.003. All rates fall to 0 along a cosine. */
  readonly weightRate: number;
  /** Learning rate of activation scales, relative to where they start. Default 0.004. */
  readonly scaleRate: number;
  /** Learning rate of biases, relative to the root mean square of the block's output. Default 0.001. */
  readonly biasRate: number;
  /** Leaves elements in float with probability ½ while learning (QDrop). Default true. */
  readonly drop: boolean;
  /** Seed of samples and elements drawn, an integer in [0, 2^32). Default 0. */
  readonly seed: number;
}

export interface ReconstructBlocksOptions extends Partial<ReconstructionSettings> {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  /** Target of the spec, where it is not a built-in one. */
  readonly target?: Target | undefined;
  /** Float convolutions and their gradients. Default: the TypeScript loops, a hundred times slower than native ones. */
  readonly kernels?: ConvolutionBackend | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

const defaults: ReconstructionSettings = {
  iterations: 300,
  batchSize: 32,
  samples: 512,
  weightRate: 0.003,
  scaleRate: 4e-3,
  biasRate: 1e-3,
  drop: true,
  seed: 0,
};

/** @throws {InvalidArgumentError} for an option outside its range */
export function resolveReconstruction(options: Partial<ReconstructionSettings>): ReconstructionSettings {
  const settings = { ...defaults };
  for (const key of ['iterations', 'batchSize', 'samples'] as const) {
    const value = options[key] ?? defaults[key];
    if (!(Number.isInteger(value) && value >= 1)) throw invalid(`${key} to be a positive integer`, value);
    Object.assign(settings, { [key]: value });
  }
  for (const key of ['weightRate', 'scaleRate', 'biasRate'] as const) {
    const value = options[key] ?? defaults[key];
    if (!(value >= 0 && value < 1)) throw invalid(`${key} within [0, 1)`, value);
    Object.assign(settings, { [key]: value });
  }
  return { ...settings, drop: options.drop ?? defaults.drop, seed: options.seed ?? defaults.seed };
}

// — internals —

function invalid(expected: string, received: number): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] reconstructBlocks', expected, received: String(received) });
}
