import {
  findTarget,
  type HistogramStats,
  InvalidArgumentError,
  type RangeSelector,
  type Target,
} from '@bitwright/core';
import type { FoldingStrategy } from './layers/conv-batch-norm';
import { lsq } from './quantizers/lsq';
import { quantizerFromName } from './quantizers/names';
import type { Quantizer } from './quantizers/quantizer';
import { defaultRules } from './rules/default-rules';
import type { LayerRule } from './rules/layer-rule';

/** A quantizer, or its name with default options; null leaves the tensor float. */
export type QuantizerChoice = Quantizer | string | null;

/** What a layer gets instead of the model's defaults. */
export interface LayerChoice {
  readonly weights?: QuantizerChoice;
  readonly activations?: QuantizerChoice;
}

/**
 * What becomes of batch normalization while training:
 *   keep       it stays a layer behind the quantized convolution, and convert() folds it. Exact when every output channel has
 *              a step of its own, because the fold only rescales channels; one convolution per step. The default.
 *   merge      folded into the weights before training and gone
 *   freeze, naive, whitePaper, torch   quantizes the folded weights, see {@link FoldingStrategy}; `torch` is the choice
 *              for targets with one step per tensor
 */
export type BatchNormChoice = 'keep' | 'merge' | FoldingStrategy;

export interface QatOptions {
  /** Hardware profile: an id of core's targets or a target of your own. Default `ort-x64`. */
  readonly target?: string | Target;
  /** Default `lsq({ bits: 8 })`. */
  readonly weights?: QuantizerChoice;
  /** Default `lsq({ bits: 8 })`. */
  readonly activations?: QuantizerChoice;
  /** Layers that stay float: `first`, `last`, or globs over layer names (`block1_*`; nested layers as `outer/inner`). */
  readonly skip?: readonly string[];
  /** Other quantizers by glob over layer names; the last match wins. */
  readonly layers?: Readonly<Record<string, LayerChoice>>;
  /** Bits of the first and the last layer where others have fewer; default the target's rule; `none`: no exception. */
  readonly firstAndLastBits?: number | 'none';
  /** Default `keep` where weights have a step per channel, `torch` where the target allows one per tensor only. */
  readonly batchNorm?: BatchNormChoice;
  /** How calibration statistics become ranges. Default least squared error. */
  readonly selectRange?: RangeSelector<HistogramStats>;
  /** Rules by layer class; default {@link defaultRules}. */
  readonly rules?: ReadonlyMap<string, LayerRule>;
  /** `report` lists layers that stay float, `throw` refuses them. Default `report`. */
  readonly onUnsupported?: 'report' | 'throw';
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly target: Target;
  readonly weights: Quantizer | null;
  readonly activations: Quantizer | null;
  readonly skip: readonly string[];
  readonly layers: readonly (readonly [
    glob: string,
    choice: { weights?: Quantizer | null; activations?: Quantizer | null },
  ])[];
  readonly firstAndLastBits: number | undefined;
  readonly batchNorm: BatchNormChoice;
  readonly selectRange: RangeSelector<HistogramStats> | undefined;
  readonly rules: ReadonlyMap<string, LayerRule>;
  readonly onUnsupported: 'report' | 'throw';
}

const known = [
  'target',
  'weights',
  'activations',
  'skip',
  'layers',
  'firstAndLastBits',
  'batchNorm',
  'selectRange',
  'rules',
  'onUnsupported',
];
const batchNormChoices: readonly BatchNormChoice[] = ['keep', 'merge', 'freeze', 'naive', 'whitePaper', 'torch'];

/** @throws {InvalidArgumentError} for an unknown option or a value out of place */
export function resolveOptions(options: QatOptions): ResolvedOptions {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(`the options ${known.join(', ')}`, `"${unknown}"`);
  const target = typeof options.target === 'object' ? options.target : findTarget(options.target ?? 'ort-x64');
  const hasChannels = target.schemes.weight.granularity.kind === 'perAxis';
  const batchNorm = options.batchNorm ?? (hasChannels ? 'keep' : 'torch');
  if (!batchNormChoices.includes(batchNorm)) {
    throw invalid(`batchNorm ${batchNormChoices.join(', ')}`, JSON.stringify(batchNorm));
  }
  return {
    target,
    weights: options.weights === undefined ? lsq({ bits: 8 }) : quantizerOf(options.weights, 'weights'),
    activations: options.activations === undefined ? lsq({ bits: 8 }) : quantizerOf(options.activations, 'activations'),
    skip: options.skip ?? [],
    layers: Object.entries(options.layers ?? {}).map(([glob, choice]) => [glob, choiceOf(glob, choice)]),
    firstAndLastBits: firstAndLast(options.firstAndLastBits, target),
    batchNorm,
    selectRange: options.selectRange,
    rules: options.rules ?? defaultRules,
    onUnsupported: options.onUnsupported ?? 'report',
  };
}

// — internals —

function choiceOf(glob: string, choice: LayerChoice): { weights?: Quantizer | null; activations?: Quantizer | null } {
  const { weights, activations } = choice;
  return {
    ...(weights === undefined ? {} : { weights: quantizerOf(weights, `layers["${glob}"].weights`) }),
    ...(activations === undefined ? {} : { activations: quantizerOf(activations, `layers["${glob}"].activations`) }),
  };
}

function quantizerOf(choice: QuantizerChoice, option: string): Quantizer | null {
  if (choice === null) return null;
  if (typeof choice === 'string') return quantizerFromName(choice);
  if (typeof choice === 'object' && typeof choice.apply === 'function') return choice;
  throw invalid(
    `${option} to be a quantizer such as lsq({ bits: 4 }), or null for float`,
    typeof choice === 'function' ? `the function ${(choice as { name: string }).name}` : JSON.stringify(choice),
  );
}

function firstAndLast(option: QatOptions['firstAndLastBits'], target: Target): number | undefined {
  if (option === 'none') return undefined;
  const bits = option ?? target.placement.firstAndLastBits;
  if (bits === undefined || (Number.isInteger(bits) && bits >= 2 && bits <= 8)) return bits;
  throw invalid('firstAndLastBits 2 to 8, or "none"', String(bits));
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[qat-plugin] prepareQat', expected, received });
}
