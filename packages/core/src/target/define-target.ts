import { parseDType } from '../dtype';
import { InvalidArgumentError } from '../errors';
import { type LinearScheme, type LinearSchemeOptions, linearScheme } from '../scheme';
import { checkScheme, unsupportedHere } from './check-scheme';
import { deepFreeze } from './deep-freeze';
import type { Target } from './target';

/**
 * A checked, frozen target from a plain value: written in code, or parsed from JSON (`JSON.stringify(target)` is the format;
 * a dtype may also be its name).
 *
 * @throws {InvalidArgumentError} when a field is missing or of the wrong form, with its path
 * @throws {UnsupportedSchemeError} when a default scheme breaks the target's own constraints
 */
export function defineTarget(value: unknown): Target {
  const plain = objectAt(value, '$');
  for (const key of Object.keys(plain)) {
    if (!(key in fields)) throw invalid(`only the fields ${Object.keys(fields).join(', ')}`, `"${key}"`);
  }
  for (const [key, check] of Object.entries(fields)) check(plain[key], `$.${key}`);
  const schemes = objectAt(plain['schemes'], '$.schemes');
  const target = deepFreeze({
    ...structuredClone(plain),
    schemes: {
      activation: schemeAt(schemes['activation'], '$.schemes.activation'),
      weight: schemeAt(schemes['weight'], '$.schemes.weight'),
      bias: schemes['bias'],
    },
  }) as unknown as Target;
  for (const role of ['activation', 'weight'] as const) {
    const check = checkScheme(target, role, target.schemes[role]);
    if (!check.isRunnable) throw unsupportedHere(target, `default ${role} scheme`, { ...check, hint: undefined });
  }
  if (!target.constraints.bias.includes(target.schemes.bias)) {
    throw invalid(`$.schemes.bias to be ${target.constraints.bias.join(' or ')}`, JSON.stringify(target.schemes.bias));
  }
  return target;
}

// — internals —

type FieldCheck = (value: unknown, path: string) => void;

const fields: Readonly<Record<keyof Target, FieldCheck>> = {
  id: (value, path) => {
    if (typeof value !== 'string' || !/^[a-z0-9][a-z0-9.-]*$/.test(value)) {
      throw invalid(`an id of lower-case letters, digits, dots and dashes at ${path}`, JSON.stringify(value));
    }
  },
  title: stringAt,
  schemes: objectAt,
  dtypes: (value, path) => {
    const { activation, weight } = objectAt(value, path);
    stringsAt(activation, `${path}.activation`);
    stringsAt(weight, `${path}.weight`);
  },
  constraints: (value, path) => {
    const { activation, weight, bias } = objectAt(value, path);
    rulesAt(activation, `${path}.activation`);
    rulesAt(weight, `${path}.weight`);
    oneOfEach(bias, `${path}.bias`, ['int32', 'float', 'powerOfTwo']);
  },
  weightOnly: (value, path) => {
    if (value === undefined) return;
    const { operators, weight } = objectAt(value, path);
    stringsAt(operators, `${path}.operators`);
    rulesAt(weight, `${path}.weight`);
  },
  placement: (value, path) => {
    const { quantize, floatOutputAllowed, weights, explicitZeroPoint } = objectAt(value, path);
    oneOfEach([quantize], `${path}.quantize`, ['inputsAndOutputs', 'inputs']);
    stringsAt(floatOutputAllowed, `${path}.floatOutputAllowed`);
    oneOfEach([weights], `${path}.weights`, ['quantized', 'qdq']);
    oneOfEach([explicitZeroPoint], `${path}.explicitZeroPoint`, [true, false]);
  },
  operators: (value, path) => {
    for (const [name, support] of Object.entries(objectAt(value, path))) {
      const { kind, reason } = objectAt(support, `${path}.${name}`);
      oneOfEach([kind], `${path}.${name}.kind`, ['integer', 'passThrough', 'absorbed', 'float']);
      if (kind === 'float') stringAt(reason, `${path}.${name}.reason`);
    }
  },
  peakMacsPerCycle: (value, path) => {
    for (const [isa, rates] of Object.entries(objectAt(value, path))) {
      for (const [format, rate] of Object.entries(objectAt(rates, `${path}.${isa}`))) {
        oneOfEach([format], `${path}.${isa}`, formats);
        if (typeof rate !== 'number' || !(rate > 0))
          throw invalid(`a rate > 0 at ${path}.${isa}.${format}`, String(rate));
      }
    }
  },
  kernelFormats: (value, path) => oneOfEach(value, path, formats),
  exporter: stringAt,
  evidence: (value, path) => {
    const { schemes, placement, operators, sources } = objectAt(value, path);
    oneOfEach([schemes, placement, operators], path, ['run', 'source', 'documentation', 'unverified']);
    stringsAt(sources, `${path}.sources`);
  },
  notes: stringsAt,
};

const formats = ['f32', 'f16', 'bf16', 'i16', 'i8', 'i4', 'b1'];

function rulesAt(value: unknown, path: string): void {
  for (const [i, rule] of arrayAt(value, path).entries()) {
    const { kind, dtypes, kinds } = objectAt(rule, `${path}[${i}]`);
    oneOfEach([kind], `${path}[${i}].kind`, ['linear', 'kinds']);
    if (kind === 'linear') stringsAt(dtypes, `${path}[${i}].dtypes`);
    else stringsAt(kinds, `${path}[${i}].kinds`);
  }
}

function schemeAt(value: unknown, path: string): LinearScheme {
  const { kind, dtype, ...options } = objectAt(value, path);
  oneOfEach([kind], `${path}.kind`, ['linear']);
  const name = typeof dtype === 'string' ? dtype : objectAt(dtype, `${path}.dtype`)['name'];
  return linearScheme({ ...(options as Omit<LinearSchemeOptions, 'dtype'>), dtype: parseDType(String(name)) });
}

function oneOfEach(value: unknown, path: string, allowed: readonly unknown[]): void {
  for (const entry of arrayAt(value, path)) {
    if (!allowed.includes(entry)) throw invalid(`${allowed.join(', ')} at ${path}`, JSON.stringify(entry) ?? 'nothing');
  }
}

function stringsAt(value: unknown, path: string): void {
  for (const [i, entry] of arrayAt(value, path).entries()) stringAt(entry, `${path}[${i}]`);
}

function stringAt(value: unknown, path: string): void {
  if (typeof value !== 'string') throw invalid(`a string at ${path}`, JSON.stringify(value) ?? 'nothing');
}

function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(`an array at ${path}`, JSON.stringify(value) ?? 'nothing');
}

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`an object at ${path}`, JSON.stringify(value) ?? 'nothing');
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[core] defineTarget', expected, received });
}
