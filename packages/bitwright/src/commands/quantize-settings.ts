import { createHash } from 'node:crypto';
import { findTarget, type Target } from '@bitwright/core';
import {
  type AnyRangeSelector,
  defaultTarget,
  type LowBitOptions,
  parseBits,
  type Rounding,
  resolveRangeSelector,
} from '@bitwright/ptq';
import { parsePreprocess } from '../data/parse-preprocess';
import type { Preprocess } from '../data/preprocess';
import { UsageError } from '../errors';
import { parseFormats } from '../export/parse-formats';
import { type ParsedShapes, parseShapes } from '../model/parse-shapes';
import type { OptionValues } from '../options/option-table';
import { parseFraction } from '../options/parse-quantity';
import { type BitSettings, readBitSettings } from './bit-settings';
import type { quantizeOptions } from './quantize-options';

type Options = OptionValues<typeof quantizeOptions>;

/** Options of `quantize` with every default filled in and every name looked up. */
export interface QuantizeSettings extends BitSettings {
  readonly target: Target;
  readonly activationRange: AnyRangeSelector;
  /** Undefined: what the library takes, which depends on the bits. */
  readonly weightRange: AnyRangeSelector | undefined;
  readonly bits: LowBitOptions | undefined;
  readonly rounding: Rounding;
  readonly iterations: number | undefined;
  readonly equalize: boolean;
  readonly smooth: number | undefined;
  /** Undefined: what the library takes, which depends on the bits. */
  readonly correctBias: boolean | undefined;
  readonly perChannel: boolean;
  readonly exclude: readonly string[];
  readonly shapes: ParsedShapes;
  readonly preprocess: Preprocess | undefined;
  readonly samples: number;
  readonly seed: number;
  readonly batchSize: number | undefined;
  readonly threads: number | undefined;
  readonly isVerified: boolean;
  /** Whether files for other toolchains follow. */
  readonly isExported: boolean;
}

const defaultSamples = 512;

/**
 * Reads the options that need no file, so that a wrong one is reported before anything is opened.
 *
 * @throws {InvalidArgumentError|UsageError} naming the option
 */
export function readSettings(options: Partial<Options>): QuantizeSettings {
  const { preprocess: preset, resize, crop, mean, std, scale, layout, channels } = options;
  refuseUselessIterations(options);
  refuseFormatsWithout(options);
  return Object.freeze({
    ...readBitSettings(options),
    target: options.target === undefined ? targetOfFormats(options.to) : findTarget(options.target),
    activationRange: resolveRangeSelector(options.activationRange ?? 'mse'),
    weightRange: options.weightRange === undefined ? undefined : resolveRangeSelector(options.weightRange),
    bits: readBits(options),
    rounding: (options.rounding ?? 'nearest') as Rounding,
    iterations: options.iterations,
    equalize: options.equalize === true,
    smooth: options.smooth === undefined ? undefined : parseFraction(options.smooth, '--smooth'),
    correctBias: options.biasCorrection,
    perChannel: options.perTensor !== true,
    exclude: options.exclude ?? [],
    shapes: parseShapes(options.shape ?? []),
    preprocess: parsePreprocess({ preset, resize, crop, mean, std, scale, layout, channels }),
    samples: options.samples ?? defaultSamples,
    seed: options.seed ?? 0,
    batchSize: options.batchSize,
    threads: options.threads,
    isVerified: options.verify !== false,
    isExported: options.to !== undefined,
  });
}

/**
 * Bits for all layers, with what was said about skips.
 *
 * @throws {UsageError} for an option that would change nothing
 */
function readBits({ bits, narrowSkips }: Partial<Options>): LowBitOptions | undefined {
  if (narrowSkips === true && bits === undefined) {
    throw new UsageError({
      operation: '--narrow-skips',
      expected: '--bits with fewer than 8 for activations',
      received: 'none',
    });
  }
  const parsed = bits === undefined ? undefined : parseBits(bits);
  return parsed === undefined || narrowSkips !== true ? parsed : { ...parsed, wideSkips: false };
}

/** @throws {UsageError} for iterations that nothing would count */
function refuseUselessIterations({ rounding, iterations }: Partial<Options>): void {
  if (iterations === undefined || rounding === 'brecq') return;
  throw new UsageError({ operation: '--iterations', expected: '--rounding brecq', received: rounding ?? 'nearest' });
}

/** The target of the first format that has one, or onnxruntime on this machine. */
function targetOfFormats(formats: string | undefined): Target {
  const exporters = formats === undefined ? [] : parseFormats(formats);
  const id = exporters.find((exporter) => exporter.targets.length > 0)?.targets[0];
  return id === undefined ? defaultTarget() : findTarget(id);
}

/** SHA-256 of everything that decides the numbers in the result, besides model and data. */
export function hashSettings(settings: QuantizeSettings): string {
  const {
    target,
    activationRange,
    weightRange,
    ladder: _,
    isVerified: __,
    threads: ___,
    isExported: ____,
    ...rest
  } = settings;
  const text = JSON.stringify([target.id, activationRange.id, weightRange?.id ?? 'fullRange', rest]);
  return createHash('sha256').update(text).digest('hex');
}

/** @throws {UsageError} for settings of files that are not written */
function refuseFormatsWithout({ to, io, formatVersion }: Partial<Options>): void {
  if (to !== undefined || (io === undefined && formatVersion === undefined)) return;
  throw new UsageError({
    operation: io === undefined ? '--format-version' : '--io',
    expected: '--to, whose files it is about',
    received: 'none',
  });
}
