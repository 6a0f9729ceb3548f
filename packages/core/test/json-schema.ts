/** The part of JSON Schema 2020-12 that our schema files use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

const understood = new Set<string>([
  '$schema',
  'title',
  'description',
  '$ref',
  '$defs',
  'type',
  'const',
  'enum',
  'oneOf',
  'required',
  'properties',
  'propertyNames',
  'additionalProperties',
  'items',
  'minItems',
  'maxItems',
  'minLength',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
]);

/** Whether a value satisfies a schema; throws when the schema uses a keyword that is not understood here. */
export function matchesSchema(value: unknown, schema: JsonSchema, root: JsonSchema = schema): boolean {
  for (const key of Object.keys(schema)) if (!understood.has(key)) throw new Error(`keyword ${key}`);
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    if (target === undefined) throw new Error(`no definition ${schema.$ref}`);
    return matchesSchema(value, target, root);
  }
  if (schema.oneOf !== undefined && schema.oneOf.filter((s) => matchesSchema(value, s, root)).length !== 1)
    return false;
  if (schema.type !== undefined && !hasType(value, schema.type)) return false;
  if (schema.const !== undefined && value !== schema.const) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (typeof value === 'string') return matchesString(value, schema);
  if (typeof value === 'number') return matchesNumber(value, schema);
  if (Array.isArray(value)) return matchesArray(value, schema, root);
  if (typeof value === 'object' && value !== null) return matchesObject(value as Record<string, unknown>, schema, root);
  return true;
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function matchesString(value: string, { minLength = 0, pattern }: JsonSchema): boolean {
  return value.length >= minLength && (pattern === undefined || new RegExp(pattern, 'u').test(value));
}

function matchesNumber(value: number, { minimum, maximum, exclusiveMinimum }: JsonSchema): boolean {
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  return exclusiveMinimum === undefined || value > exclusiveMinimum;
}

function matchesArray(value: readonly unknown[], schema: JsonSchema, root: JsonSchema): boolean {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length < minItems || value.length > maxItems) return false;
  return items === undefined || value.every((item) => matchesSchema(item, items, root));
}

function matchesObject(value: Record<string, unknown>, schema: JsonSchema, root: JsonSchema): boolean {
  const { properties = {}, required = [], additionalProperties = true, propertyNames } = schema;
  if (!required.every((key) => Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, part]) => {
    if (propertyNames !== undefined && !matchesSchema(key, propertyNames, root)) return false;
    const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (own !== undefined) return matchesSchema(part, own, root);
    return typeof additionalProperties === 'boolean'
      ? additionalProperties
      : matchesSchema(part, additionalProperties, root);
  });
}
