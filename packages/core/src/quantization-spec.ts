import type { ParamsOf, QuantScheme } from './format/number-formats';
import type { Range } from './range';
import type { LinearScheme } from './scheme';

/** Plain JSON data. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Where a tensor's parameters came from. */
export interface QParamsOrigin {
  readonly source: 'calibration' | 'dataFree' | 'training' | 'user' | 'derived';
  /** Observer kind that collected the statistics, e.g. `histogram`. */
  readonly observer?: string;
  /** Range selector id (calibration, dataFree), e.g. `fullRange`. */
  readonly selectRange?: string;
  /** What the statistics were made from, in words, e.g. `512 samples, 3 shards`. */
  readonly statistics?: string;
  /**
   * For source `derived`: the tensors it follows from. A bias names its input and its weight, in this order; a shared group
   * names its leader.
   */
  readonly from?: readonly string[];
  /** Anything a report should say, e.g. a degenerate range. */
  readonly note?: string;
}

/** How one tensor of the model is quantized; `Scheme` is {@link LinearScheme} unless said otherwise. */
export type TensorQuantization<Scheme extends QuantScheme = LinearScheme> = Scheme extends QuantScheme
  ? {
      readonly role: 'activation' | 'weight' | 'bias';
      readonly scheme: Scheme;
      readonly qparams: ParamsOf<Scheme>;
      readonly origin: QParamsOrigin;
      /** The clip range the parameters were chosen for, in real units, one entry per parameter or one for all. */
      readonly range?: Range;
      /** Bits the plan asked for, where the scheme stores more (4-bit weights kept in int8). */
      readonly bits?: number;
      /** Data of other tools, kept as it is. */
      readonly extensions?: JsonObject;
    }
  : never;

/** What becomes of one node, of which operator type, and why. */
export type NodeDecision =
  | { readonly kind: 'integer'; readonly operator?: string; readonly reason?: string }
  | { readonly kind: 'passThrough'; readonly operator?: string; readonly reason?: string }
  | { readonly kind: 'absorbed'; readonly operator?: string; readonly reason?: string }
  | { readonly kind: 'float'; readonly operator?: string; readonly reason: string };

/** What a result was made from, so that it can be made again. No clock time: equal input gives equal bytes. */
export interface Provenance {
  readonly tool: { readonly name: string; readonly version: string };
  /** SHA-256 of the float model file, 64 lower-case hexadecimal digits. */
  readonly modelHash?: string;
  /** SHA-256 of the configuration. */
  readonly configHash?: string;
  /** SHA-256 of the calibration data. */
  readonly dataHash?: string;
  /** Calibration samples seen. */
  readonly samples?: number;
}

/**
 * The decision all tools exchange: per tensor scheme and parameters, per node what it became and why.
 * Keys are ONNX tensor and node names of the graph the spec was made for (after its preparation passes).
 *
 * `QuantizationSpec` holds linear schemes only, which is what runtimes read; {@link AnyQuantizationSpec} holds any.
 */
export interface QuantizationSpec<Scheme extends QuantScheme = LinearScheme> {
  readonly version: 1;
  /** Id of the target it was planned for. */
  readonly target: string;
  readonly tensors: Readonly<Record<string, TensorQuantization<Scheme>>>;
  readonly nodes: Readonly<Record<string, NodeDecision>>;
  readonly provenance: Provenance;
  /** Data of other tools, kept as it is. */
  readonly extensions?: JsonObject;
}

/** A spec with number formats of any kind. */
export type AnyQuantizationSpec = QuantizationSpec<QuantScheme>;

/** A spec without tensors and nodes: the start of a plan. */
export function emptySpec(target: string, provenance: Provenance): QuantizationSpec {
  return Object.freeze({
    version: 1,
    target,
    tensors: Object.freeze({}),
    nodes: Object.freeze({}),
    provenance: Object.freeze({ ...provenance, tool: Object.freeze({ ...provenance.tool }) }),
  });
}

/** The same spec with some tensors added or replaced. */
export function withTensors<Scheme extends QuantScheme>(
  spec: QuantizationSpec<Scheme>,
  tensors: Readonly<Record<string, TensorQuantization<Scheme>>>,
): QuantizationSpec<Scheme> {
  return Object.freeze({ ...spec, tensors: Object.freeze({ ...spec.tensors, ...tensors }) });
}

/** The same spec with one tensor added or replaced; {@link withTensors} is faster for many. */
export function withTensor<Scheme extends QuantScheme>(
  spec: QuantizationSpec<Scheme>,
  name: string,
  tensor: TensorQuantization<Scheme>,
): QuantizationSpec<Scheme> {
  return withTensors(spec, { [name]: tensor });
}

/** The same spec with some node decisions added or replaced. */
export function withNodes<Scheme extends QuantScheme>(
  spec: QuantizationSpec<Scheme>,
  nodes: Readonly<Record<string, NodeDecision>>,
): QuantizationSpec<Scheme> {
  return Object.freeze({ ...spec, nodes: Object.freeze({ ...spec.nodes, ...nodes }) });
}
