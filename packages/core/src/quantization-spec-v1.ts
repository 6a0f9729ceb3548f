import { InvalidArgumentError, QuantError } from './errors';
import { formatOf, type QuantScheme, schemeFromJson, schemeToJson } from './format/number-formats';
import type {
  AnyQuantizationSpec,
  JsonObject,
  NodeDecision,
  Provenance,
  QParamsOrigin,
  TensorQuantization,
} from './quantization-spec';
import { nodePath, refusal, tensorPath } from './quantization-spec-check';
import type { Range } from './range';

const refuse = /* @__PURE__ */ refusal('[core] specFromJson');

/** Parameter arrays beside the scheme, by kind; the first has one entry per parameter. */
const parameterKeys: Readonly<Record<QuantScheme['kind'], readonly string[]>> = {
  linear: ['scale', 'zeroPoint'],
  logarithmic: ['scale'],
  apot: ['scale'],
  binary: ['scale'],
  ternary: ['scale', 'threshold'],
  codebook: ['scale'],
};

/**
 * Version 1, field by field. Types and keys are checked here; values that depend on each other in {@link assertSpec}.
 *
 * @throws {InvalidArgumentError} for a field out of place, with its path
 */
export function readSpecVersion1(json: unknown): AnyQuantizationSpec {
  const root = fieldsOf(json, '$', ['version', 'target', 'provenance', 'tensors', 'nodes'], ['extensions']);
  const tensors = Object.entries(objectAt(root['tensors'], '$.tensors')).map(([name, value]) => [
    name,
    readTensor(value, tensorPath(name)),
  ]);
  const nodes = Object.entries(objectAt(root['nodes'], '$.nodes')).map(([name, value]) => [
    name,
    readNode(value, nodePath(name)),
  ]);
  return Object.freeze({
    version: 1,
    target: stringAt(root['target'], '$.target'),
    tensors: Object.freeze(Object.fromEntries(tensors)),
    nodes: Object.freeze(Object.fromEntries(nodes)),
    provenance: readProvenance(root['provenance'], '$.provenance'),
    ...readExtensions(root, '$'),
  });
}

// — internals —

function readTensor(json: unknown, path: string): TensorQuantization<QuantScheme> {
  const scheme = readScheme(objectAt(json, path)['scheme'], `${path}.scheme`);
  const keys = parameterKeys[scheme.kind];
  const fields = fieldsOf(json, path, ['role', 'scheme', 'origin', ...keys], ['range', 'bits', 'extensions']);
  const count = numbersAt(fields['scale'], `${path}.scale`).length;
  const params = Object.fromEntries(keys.map((key) => [key, parameterAt(fields[key], `${path}.${key}`, key, count)]));
  const { range, bits } = fields;
  return Object.freeze({
    role: stringAt(fields['role'], `${path}.role`) as TensorQuantization['role'],
    scheme,
    qparams: formatOf<QuantScheme>(scheme).paramsFromJson(params),
    ...(range === undefined ? {} : { range: readRange(range, `${path}.range`) }),
    ...(bits === undefined ? {} : { bits: numberAt(bits, `${path}.bits`) }),
    origin: readOrigin(fields['origin'], `${path}.origin`),
    ...readExtensions(fields, path),
  }) as TensorQuantization<QuantScheme>;
}

/** A parameter array, spread to `count` entries when it was written once for all. */
function parameterAt(json: unknown, path: string, key: string, count: number): readonly number[] {
  const values = numbersAt(json, path);
  if (key === 'zeroPoint') {
    const bad = values.findIndex((v) => !Number.isInteger(v) || Math.abs(v) > 2 ** 31);
    if (bad >= 0) throw refuse(`${path}[${bad}]`, 'an integer code', values[bad]);
  }
  if (values.length === count) return values;
  if (values.length === 1) return new Array<number>(count).fill(values[0] as number);
  throw refuse(path, `1 or ${count} numbers, as many as scales`, values.length);
}

function readScheme(json: unknown, path: string): QuantScheme {
  let scheme: QuantScheme;
  try {
    scheme = schemeFromJson(objectAt(json, path));
  } catch (cause) {
    if (!QuantError.isInstance(cause) || cause.operation === '[core] specFromJson') throw cause;
    throw new InvalidArgumentError({
      operation: '[core] specFromJson',
      expected: `a scheme at ${path} (${cause.expected})`,
      received: cause.received,
      cause,
    });
  }
  assertAllWritten(schemeToJson(scheme), json, path);
  return scheme;
}

/** Defaults may change between releases, so a written scheme spells out every field, and no others. */
function assertAllWritten(expected: unknown, json: unknown, path: string): void {
  if (Array.isArray(expected)) return;
  if (typeof expected !== 'object' || expected === null) {
    if (json !== expected) throw refuse(path, JSON.stringify(expected), json);
    return;
  }
  const fields = fieldsOf(json, path, Object.keys(expected), []);
  for (const [key, value] of Object.entries(expected)) assertAllWritten(value, fields[key], `${path}.${key}`);
}

function readOrigin(json: unknown, path: string): QParamsOrigin {
  const fields = fieldsOf(json, path, ['source'], ['observer', 'selectRange', 'statistics', 'from', 'note']);
  const { from } = fields;
  if (from !== undefined && !Array.isArray(from)) throw refuse(`${path}.from`, 'an array of tensor names', from);
  return Object.freeze({
    source: stringAt(fields['source'], `${path}.source`) as QParamsOrigin['source'],
    ...optionalStrings(fields, path, ['observer', 'selectRange', 'statistics', 'note']),
    ...(from === undefined ? {} : { from: Object.freeze(from.map((name, i) => stringAt(name, `${path}.from[${i}]`))) }),
  });
}

function readNode(json: unknown, path: string): NodeDecision {
  const fields = fieldsOf(json, path, ['kind'], ['operator', 'reason']);
  const kind = stringAt(fields['kind'], `${path}.kind`);
  return Object.freeze({ kind, ...optionalStrings(fields, path, ['operator', 'reason']) }) as NodeDecision;
}

function readProvenance(json: unknown, path: string): Provenance {
  const fields = fieldsOf(json, path, ['tool'], ['modelHash', 'configHash', 'dataHash', 'samples']);
  const tool = fieldsOf(fields['tool'], `${path}.tool`, ['name', 'version'], []);
  const { samples } = fields;
  return Object.freeze({
    tool: Object.freeze({
      name: stringAt(tool['name'], `${path}.tool.name`),
      version: stringAt(tool['version'], `${path}.tool.version`),
    }),
    ...optionalStrings(fields, path, ['modelHash', 'configHash', 'dataHash']),
    ...(samples === undefined ? {} : { samples: numberAt(samples, `${path}.samples`) }),
  });
}

function readRange(json: unknown, path: string): Range {
  const fields = fieldsOf(json, path, ['min', 'max'], []);
  return Object.freeze({
    min: Float64Array.from(numbersAt(fields['min'], `${path}.min`)),
    max: Float64Array.from(numbersAt(fields['max'], `${path}.max`)),
  });
}

function readExtensions(fields: Readonly<Record<string, unknown>>, path: string): { extensions?: JsonObject } {
  const { extensions } = fields;
  if (extensions === undefined) return {};
  return { extensions: objectAt(extensions, `${path}.extensions`) as JsonObject };
}

function optionalStrings(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  keys: readonly string[],
): Record<string, string> {
  const present = keys.filter((key) => fields[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, stringAt(fields[key], `${path}.${key}`)]));
}

/** The object at a path, with all required keys and no unknown ones. */
function fieldsOf(
  json: unknown,
  path: string,
  required: readonly string[],
  optional: readonly string[],
): Readonly<Record<string, unknown>> {
  const object = objectAt(json, path);
  for (const key of required) {
    if (!Object.hasOwn(object, key)) throw refuse(`${path}.${key}`, 'a value', undefined);
  }
  for (const key of Object.keys(object)) {
    if (!required.includes(key) && !optional.includes(key)) {
      throw refuse(path, `only the keys ${[...required, ...optional].join(', ')}`, key);
    }
  }
  return object;
}

function objectAt(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refuse(path, 'an object', value);
}

function stringAt(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw refuse(path, 'a string', value);
}

function numberAt(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  throw refuse(path, 'a number', value);
}

function numbersAt(value: unknown, path: string): readonly number[] {
  if (!Array.isArray(value)) throw refuse(path, 'an array of numbers', value);
  for (let i = 0; i < value.length; i++) {
    if (typeof value[i] !== 'number' || !Number.isFinite(value[i]))
      throw refuse(`${path}[${i}]`, 'a finite number', value[i]);
  }
  return value;
}
