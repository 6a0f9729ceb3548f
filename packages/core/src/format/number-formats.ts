import { InvalidArgumentError } from '../errors';
import type { QParams } from '../qparams';
import type { LinearScheme } from '../scheme';
import { type ApotScheme, apotFormat } from './apot';
import { type BinaryScheme, binaryFormat } from './binary';
import { type CodebookScheme, codebookFormat } from './codebook';
import { linearFormat } from './linear';
import { type LogarithmicScheme, logarithmicFormat } from './logarithmic';
import type { NumberFormat, ScaleParams, SchemeJson } from './number-format';
import { type TernaryParams, type TernaryScheme, ternaryFormat } from './ternary';

/** Every way a tensor can be quantized; discriminated by `kind`. */
export type QuantScheme = LinearScheme | LogarithmicScheme | ApotScheme | BinaryScheme | TernaryScheme | CodebookScheme;

/** The parameters that belong to a scheme. */
export type ParamsOf<Scheme extends QuantScheme> = Scheme extends LinearScheme
  ? QParams
  : Scheme extends TernaryScheme
    ? TernaryParams
    : ScaleParams;

/** All formats by kind. Code that works for every scheme looks its format up here; nothing else switches on `kind`. */
export const numberFormats: {
  readonly [Kind in QuantScheme['kind']]: NumberFormat<
    Extract<QuantScheme, { kind: Kind }>,
    ParamsOf<Extract<QuantScheme, { kind: Kind }>>
  >;
} = /* @__PURE__ */ Object.freeze({
  linear: linearFormat,
  logarithmic: logarithmicFormat,
  apot: apotFormat,
  binary: binaryFormat,
  ternary: ternaryFormat,
  codebook: codebookFormat,
});

/**
 * The format of a scheme: `formatOf(scheme).quantize(x, scheme, params)` works for every kind.
 *
 * @throws {InvalidArgumentError} for a kind that does not exist
 */
export function formatOf<Scheme extends QuantScheme>(scheme: Scheme): NumberFormat<Scheme, ParamsOf<Scheme>> {
  return formatOfKind(scheme.kind) as unknown as NumberFormat<Scheme, ParamsOf<Scheme>>;
}

/** Plain data with a fixed key order; `kind` first. */
export function schemeToJson(scheme: QuantScheme): SchemeJson {
  return formatOf(scheme).schemeToJson(scheme);
}

/**
 * Reads a scheme of any kind back, with every check of its factory.
 *
 * @throws {InvalidArgumentError} when the JSON is not a scheme
 */
export function schemeFromJson(json: unknown): QuantScheme {
  return formatOfKind((json as { kind?: unknown } | null | undefined)?.kind).schemeFromJson(json);
}

/** Short text for reports: `int8 symmetric perAxis(0) [-127,127]`, `apot4 perTensor`. */
export function describeScheme(scheme: QuantScheme): string {
  return formatOf(scheme).describe(scheme);
}

// — internals —

function formatOfKind(kind: unknown): (typeof numberFormats)[QuantScheme['kind']] {
  if (typeof kind === 'string' && Object.hasOwn(numberFormats, kind)) return numberFormats[kind as QuantScheme['kind']];
  throw new InvalidArgumentError({
    operation: '[core] formatOf',
    expected: `a scheme of kind ${Object.keys(numberFormats).join(', ')}`,
    received: JSON.stringify(kind) ?? 'nothing',
  });
}
