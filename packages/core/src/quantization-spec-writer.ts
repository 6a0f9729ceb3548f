import { formatOf, type QuantScheme, schemeToJson } from './format/number-formats';
import type {
  AnyQuantizationSpec,
  JsonValue,
  NodeDecision,
  Provenance,
  QParamsOrigin,
  QuantizationSpec,
  TensorQuantization,
} from './quantization-spec';
import { assertSpec } from './quantization-spec-check';

/**
 * Deterministic JSON text, one line per tensor and node, ending with a newline:
 *
 * - keys in a fixed order; names of tensors and nodes, and keys of extensions, sorted by UTF-16 code unit;
 * - float32 values as the shortest decimal that reads back to the same bits, float64 as JavaScript prints them (−0 as `-0`);
 * - zero points and thresholds that are equal for all scales are written once.
 *
 * Equal specs give equal bytes, whatever order they were built in.
 *
 * @throws {InvalidArgumentError} for a field out of place, with its path
 * @throws {UnsupportedSchemeError} for parameters that contradict their scheme
 * @see schema/quantization-spec-1.schema.json
 */
export function specToJson<Scheme extends QuantScheme>(spec: QuantizationSpec<Scheme>): string {
  const any = spec as unknown as AnyQuantizationSpec;
  assertSpec(any, '[core] specToJson');
  const lines = [
    '{',
    ' "version": 1,',
    ` "target": ${JSON.stringify(any.target)},`,
    ` "provenance": ${provenanceText(any.provenance)},`,
  ];
  if (any.extensions !== undefined) lines.push(` "extensions": ${sortedText(any.extensions)},`);
  pushRecord(lines, 'tensors', any.tensors, tensorText, ',');
  pushRecord(lines, 'nodes', any.nodes, nodeText, '');
  lines.push('}', '');
  return lines.join('\n');
}

// — internals —

function pushRecord<T>(
  lines: string[],
  key: string,
  record: Readonly<Record<string, T>>,
  text: (value: T) => string,
  after: string,
): void {
  const names = Object.keys(record).sort();
  if (names.length === 0) {
    lines.push(` "${key}": {}${after}`);
    return;
  }
  lines.push(` "${key}": {`);
  for (const [i, name] of names.entries()) {
    const comma = i + 1 < names.length ? ',' : '';
    lines.push(`  ${JSON.stringify(name)}: ${text(record[name] as T)}${comma}`);
  }
  lines.push(` }${after}`);
}

function tensorText(tensor: TensorQuantization<QuantScheme>): string {
  const { role, scheme, origin, range, bits, extensions } = tensor;
  const fields = [`"role":"${role}"`, `"scheme":${JSON.stringify(schemeToJson(scheme))}`];
  const params = formatOf<QuantScheme>(scheme).paramsToJson(tensor.qparams as never);
  for (const [key, values] of Object.entries(params)) {
    fields.push(`"${key}":${JSON.stringify(key === 'scale' ? values : onceIfEqual(values))}`);
  }
  if (range !== undefined) fields.push(`"range":{"min":${float64Text(range.min)},"max":${float64Text(range.max)}}`);
  if (bits !== undefined) fields.push(`"bits":${bits}`);
  fields.push(`"origin":${originText(origin)}`);
  if (extensions !== undefined) fields.push(`"extensions":${sortedText(extensions)}`);
  return `{${fields.join(',')}}`;
}

function onceIfEqual(values: readonly number[]): readonly number[] {
  const first = values[0];
  return values.length > 1 && values.every((v) => v === first) ? values.slice(0, 1) : values;
}

function originText({ source, observer, selectRange, statistics, from, note }: QParamsOrigin): string {
  return JSON.stringify({ source, observer, selectRange, statistics, from, note });
}

function nodeText({ kind, operator, reason }: NodeDecision): string {
  return JSON.stringify({ kind, operator, reason });
}

function provenanceText({ tool, modelHash, configHash, dataHash, samples }: Provenance): string {
  return JSON.stringify({ tool: { name: tool.name, version: tool.version }, modelHash, configHash, dataHash, samples });
}

function float64Text(values: Float64Array): string {
  return `[${Array.from(values, (v) => (Object.is(v, -0) ? '-0' : String(v))).join(',')}]`;
}

/** JSON with the keys of every object sorted. */
function sortedText(value: JsonValue): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`;
  const object = value as { readonly [key: string]: JsonValue };
  const fields = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sortedText(object[key] as JsonValue)}`);
  return `{${fields.join(',')}}`;
}
