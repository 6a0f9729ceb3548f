import { type CostKind, type MixedPrecisionOptions, parseLayerBits, type SensitivityMetric } from '@bitwright/ptq';
import { UsageError } from '../errors';
import type { OptionValues } from '../options/option-table';
import { parseDuration, parseLimit, parsePercent } from '../options/parse-quantity';
import type { quantizeOptions } from './quantize-options';

type Options = Partial<OptionValues<typeof quantizeOptions>>;

/** Bits of single layers, bits under a budget, and how long to try: read from the options of `quantize`. */
export interface BitSettings {
  readonly layerBits: readonly (readonly [pattern: string, bits: string])[];
  readonly mixedPrecision: MixedPrecisionOptions | undefined;
  /** The accuracy ladder; undefined where it is not asked for. */
  readonly ladder: { readonly maxDrop: number; readonly budgetMs: number | undefined } | undefined;
}

/**
 * @throws {UsageError} for values that cannot be read, or options that exclude each other
 * @throws {InvalidArgumentError} for bits that there are not
 */
export function readBitSettings(options: Options): BitSettings {
  const maxDrop = options.maxDrop === undefined ? undefined : parsePercent(options.maxDrop, '--max-drop');
  const budgetMs = options.budget === undefined ? undefined : parseDuration(options.budget, '--budget');
  const isLadder = maxDrop !== undefined && options.minimize === undefined;
  if ((budgetMs !== undefined || options.resume === true) && !isLadder) {
    throw new UsageError({
      operation: options.resume === true ? '--resume' : '--budget',
      expected: '--max-drop, which says what to try for',
      received: 'none',
    });
  }
  return {
    layerBits: (options.layerBits ?? []).map(readLayerBits),
    mixedPrecision: readMixedPrecision(options, maxDrop),
    ladder: isLadder ? { maxDrop, budgetMs } : undefined,
  };
}

// — internals —

function readLayerBits(text: string): readonly [string, string] {
  const at = text.lastIndexOf('=');
  if (at <= 0) {
    throw new UsageError({
      operation: '--layer-bits',
      expected: "a pattern and bits such as 'layer4/*=w4a8'",
      received: JSON.stringify(text),
    });
  }
  const bits = text.slice(at + 1);
  parseLayerBits(bits);
  return [text.slice(0, at), bits];
}

function readMixedPrecision(options: Options, maxDrop: number | undefined): MixedPrecisionOptions | undefined {
  const limits = (
    [
      ['size', '--max-size', options.maxSize],
      ['bops', '--max-bops', options.maxBops],
      ['latency', '--max-latency', options.maxLatency],
    ] as const
  ).flatMap(([kind, flag, text]): MixedPrecisionOptions['budget'][] =>
    text === undefined ? [] : [{ kind, limit: parseLimit(text, flag) }],
  );
  if (options.minimize !== undefined) {
    if (maxDrop === undefined) {
      throw new UsageError({ operation: '--minimize', expected: '--max-drop beside it', received: 'none' });
    }
    limits.push({ kind: options.minimize as CostKind, maxDrop });
  }
  const [budget, other] = limits;
  if (other !== undefined) {
    throw new UsageError({
      operation: 'quantize',
      expected: 'one of --max-size, --max-bops, --max-latency and --minimize',
      received: `${limits.length} of them`,
    });
  }
  if (budget === undefined) {
    refuseWithoutBudget(options);
    return undefined;
  }
  const candidates = options.candidates?.split(',');
  for (const text of candidates ?? []) parseLayerBits(text);
  return {
    budget,
    ...(candidates === undefined ? {} : { candidates }),
    ...(options.sensitivity === undefined ? {} : { metric: options.sensitivity as SensitivityMetric }),
  };
}

/** @throws {UsageError} for an option that would change nothing */
function refuseWithoutBudget({ candidates, sensitivity }: Options): void {
  if (candidates === undefined && sensitivity === undefined) return;
  throw new UsageError({
    operation: candidates === undefined ? '--sensitivity' : '--candidates',
    expected: '--max-size, --max-bops, --max-latency or --minimize, under which bits are chosen',
    received: 'none of them',
  });
}
