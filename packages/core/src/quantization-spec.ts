import { InvalidArgumentError } from './errors';
import type { QParams } from './qparams';
import { assertQParams } from './qparams';
import { type LinearScheme, linearSchemeFromJson, linearSchemeToJson } from './scheme';

/** Where a tensor's parameters came from. */
export interface QParamsOrigin {
  readonly source: 'calibration' | 'dataFree' | 'training' | 'user' | 'derived';
  /** Range selector id (calibration, dataFree), e.g. `fullRange`. */
  readonly selectRange?: string;
  /** For source `derived`: the tensors it follows from (a bias from input and weight; a shared group from its leader). */
  readonly from?: readonly string[];
  /** Anything a report should say, e.g. a degenerate range. */
  readonly note?: string;
}

/** How one tensor of the model is quantized. */
export interface TensorQuantization {
  readonly role: 'activation' | 'weight' | 'bias';
  readonly scheme: LinearScheme;
  readonly qparams: QParams;
  readonly origin: QParamsOrigin;
}

/** What becomes of one node. */
export type NodeDecision =
  | { readonly kind: 'integer' }
  | { readonly kind: 'passThrough' }
  | { readonly kind: 'absorbed' }
  | { readonly kind: 'float'; readonly reason: string };

/** What a result was made from, so that it can be made again. No clock time: equal input gives equal bytes. */
export interface Provenance {
  readonly tool: { readonly name: string; readonly version: string };
  /** SHA-256 of the float model file. */
  readonly modelHash?: string;
  readonly configHash?: string;
  readonly dataHash?: string;
  readonly samples?: number;
}

/**
 * The decision all tools exchange: per tensor scheme and parameters, per node what it became and why.
 * Keys are ONNX tensor and node names of the graph the spec was made for (after its preparation passes).
 */
export interface QuantizationSpec {
  readonly version: 1;
  readonly target: string;
  readonly tensors: Readonly<Record<string, TensorQuantization>>;
  readonly nodes: Readonly<Record<string, NodeDecision>>;
  readonly provenance: Provenance;
}

/**
 * Deterministic JSON text: keys of `tensors` and `nodes` sorted by code unit, float32 scales in the shortest decimal that
 * reads back to the same float32 bits. Ends with a newline.
 */
export function specToJson(spec: QuantizationSpec): string {
  const tensors = sortedEntries(spec.tensors).map(([name, t]) => [
    name,
    {
      role: t.role,
      scheme: linearSchemeToJson(t.scheme),
      scale: Array.from(t.qparams.scale, shortestFloat32),
      zeroPoint: [...t.qparams.zeroPoint],
      origin: t.origin,
    },
  ]);
  const json = {
    version: spec.version,
    target: spec.target,
    provenance: spec.provenance,
    tensors: Object.fromEntries(tensors),
    nodes: Object.fromEntries(sortedEntries(spec.nodes)),
  };
  return `${JSON.stringify(json, undefined, 1)}\n`;
}

/**
 * Reads and validates a spec.
 *
 * @throws {InvalidArgumentError} for text that is no spec, an unknown version, or a field out of place (with its path)
 * @throws {UnsupportedSchemeError} for parameters that contradict their scheme
 */
export function specFromJson(text: string): QuantizationSpec {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid('JSON', text.slice(0, 40), cause);
  }
  const root = asObject(json, '$');
  if (root['version'] !== 1) {
    throw invalid('a quantization spec of version 1', `version ${JSON.stringify(root['version'])}`);
  }
  const tensors = Object.entries(asObject(root['tensors'], '$.tensors')).map(([name, value]) => [
    name,
    tensorFromJson(value, `$.tensors[${JSON.stringify(name)}]`),
  ]);
  return Object.freeze({
    version: 1,
    target: asString(root['target'], '$.target'),
    tensors: Object.fromEntries(tensors),
    nodes: asObject(root['nodes'], '$.nodes') as Record<string, NodeDecision>,
    provenance: asObject(root['provenance'], '$.provenance') as unknown as Provenance,
  });
}

// — internals —

function tensorFromJson(value: unknown, path: string): TensorQuantization {
  const object = asObject(value, path);
  const role = object['role'];
  if (role !== 'activation' && role !== 'weight' && role !== 'bias') {
    throw invalid(`activation, weight or bias at ${path}.role`, JSON.stringify(role));
  }
  const scheme = linearSchemeFromJson(object['scheme']);
  const qparams: QParams = {
    scale: Float32Array.from(asNumbers(object['scale'], `${path}.scale`)),
    zeroPoint: Int32Array.from(asNumbers(object['zeroPoint'], `${path}.zeroPoint`)),
  };
  assertQParams(qparams, scheme, path);
  return Object.freeze({
    role,
    scheme,
    qparams,
    origin: asObject(object['origin'], `${path}.origin`) as unknown as QParamsOrigin,
  });
}

/** Shortest decimal that rounds to the same float32 (JSON would print the float64 expansion). */
function shortestFloat32(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`an object at ${path}`, JSON.stringify(value) ?? 'nothing');
}

function asString(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw invalid(`a string at ${path}`, JSON.stringify(value) ?? 'nothing');
}

function asNumbers(value: unknown, path: string): number[] {
  if (Array.isArray(value) && value.every((v) => typeof v === 'number')) return value;
  throw invalid(`an array of numbers at ${path}`, JSON.stringify(value)?.slice(0, 40) ?? 'nothing');
}

function invalid(expected: string, received: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[core] specFromJson', expected, received, cause });
}
