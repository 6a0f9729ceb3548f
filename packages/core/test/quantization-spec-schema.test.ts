/// <reference types="node" />
import { readFileSync } from 'node:fs';
import {
  anySpecFromJson,
  apotScheme,
  binaryScheme,
  codebookScheme,
  int8,
  linearScheme,
  logarithmicScheme,
  makeRange,
  makeSpec,
  perAxis,
  perGroup,
  type QuantScheme,
  specToJson,
  ternaryScheme,
  uint8Activation,
} from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { type JsonSchema, matchesSchema } from './json-schema';

const schema = JSON.parse(
  readFileSync(new URL('../schema/quantization-spec-1.schema.json', import.meta.url), 'utf8'),
) as JsonSchema;

const scale = Float32Array.of(0.5);
const origin = { source: 'training' } as const;

/** One spec with every field and every kind of scheme. */
const rich = makeSpec<QuantScheme>({
  target: 'academic',
  provenance: {
    tool: { name: 'bitwright', version: '0.1.0' },
    modelHash: '0'.repeat(64),
    configHash: 'a'.repeat(64),
    dataHash: 'f'.repeat(64),
    samples: 3,
  },
  extensions: { tool: { answer: 42 } },
  tensors: {
    x: {
      role: 'activation',
      scheme: uint8Activation,
      qparams: { scale, zeroPoint: Int32Array.of(128) },
      range: makeRange(-64, 63.5),
      bits: 8,
      origin: {
        source: 'calibration',
        observer: 'histogram',
        selectRange: 'mse',
        statistics: 'n=3',
        from: ['y'],
        note: 'n',
      },
      extensions: { seen: true },
    },
    w: {
      role: 'weight',
      scheme: linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true, granularity: perAxis(0) }),
      qparams: { scale: Float32Array.of(0.5, 0.25), zeroPoint: new Int32Array(2) },
      origin,
    },
    g: {
      role: 'weight',
      scheme: linearScheme({ dtype: int8, granularity: perGroup(0, 16) }),
      qparams: { scale: Float32Array.of(0.5, 0.25), zeroPoint: Int32Array.of(1, 2) },
      origin,
    },
    apot: { role: 'weight', scheme: apotScheme({ bits: 4 }), qparams: { scale }, origin },
    binary: { role: 'weight', scheme: binaryScheme(), qparams: { scale }, origin },
    codebook: { role: 'weight', scheme: codebookScheme({ levels: [-1, 0, 1] }), qparams: { scale }, origin },
    logarithmic: { role: 'weight', scheme: logarithmicScheme({ bits: 4 }), qparams: { scale }, origin },
    ternary: { role: 'weight', scheme: ternaryScheme(), qparams: { scale, threshold: scale }, origin },
  },
  nodes: {
    a: { kind: 'integer', operator: 'Conv', reason: 'it has a kernel' },
    b: { kind: 'passThrough' },
    c: { kind: 'absorbed' },
    d: { kind: 'float', reason: 'no kernel' },
  },
});
const richJson = (): Record<string, unknown> => JSON.parse(specToJson(rich)) as Record<string, unknown>;

interface Place {
  readonly path: string;
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

/** Every place of a JSON value that can be changed, extensions left alone because anything may stand there. */
function* places(parent: Record<string, unknown>, path: string): Generator<Place> {
  for (const key of Object.keys(parent)) {
    yield { path: `${path}.${key}`, parent, key };
    const value = parent[key];
    if (key !== 'extensions' && typeof value === 'object' && value !== null) {
      yield* places(value as Record<string, unknown>, `${path}.${key}`);
    }
  }
}

const replacements: readonly unknown[] = [null, true, '', 'x', 0, -1, 1.5, 7, 1e300, [], [-1], ['x'], {}, { x: 1 }];

/** The rich spec, damaged in one place; `change` gets a fresh copy each time. */
function* mutations(): Generator<{ readonly what: string; readonly json: unknown }> {
  const paths = [...places(richJson(), '$')].map((place) => place.path);
  for (const path of paths) {
    const fresh = (): { json: unknown; place: Place } => {
      const json = richJson();
      return { json, place: [...places(json, '$')].find((p) => p.path === path) as Place };
    };
    for (const value of replacements) {
      const { json, place } = fresh();
      place.parent[place.key] = value;
      yield { what: `${path} = ${JSON.stringify(value)}`, json };
    }
    const removed = fresh();
    if (Array.isArray(removed.place.parent)) removed.place.parent.splice(Number(removed.place.key), 1);
    else delete removed.place.parent[removed.place.key];
    yield { what: `${path} removed`, json: removed.json };
    const added = fresh();
    const value = added.place.parent[added.place.key];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      (value as Record<string, unknown>)['unknown'] = 1;
      yield { what: `${path}.unknown added`, json: added.json };
    }
  }
}

function isReadable(json: unknown): boolean {
  try {
    anySpecFromJson(JSON.stringify(json));
    return true;
  } catch {
    return false;
  }
}

/** Fields whose legal values depend on other fields: a schema cannot say so, the reader does. */
const relations = [
  /\.(qmin|qmax|narrowRange|mapping|dtype|scaleForm|unsignedZero|divisor) ?/,
  /\.scheme\.(bits|signed) /,
  /\.(zeroPoint|scale|threshold|levels)(\.\d+)? /,
  /\.range\.(min|max)/,
  /\.granularity/,
];

describe('quantization-spec-1.schema.json', () => {
  const all = [...mutations()].map((m) => ({ ...m, fits: matchesSchema(m.json, schema), reads: isReadable(m.json) }));

  it('accepts what the writer writes', () => {
    expect(matchesSchema(richJson(), schema)).toBe(true);
  });

  it('is tried with thousands of damaged specs, accepted and refused ones', () => {
    expect(all.length).toBeGreaterThan(2000);
    expect(all.filter((m) => m.reads).length).toBeGreaterThan(100);
  });

  it('accepts whatever the reader accepts', () => {
    expect(all.filter((m) => m.reads && !m.fits).map((m) => m.what)).toEqual([]);
  });

  it('refuses whatever the reader refuses, except relations between fields', () => {
    const missed = all.filter((m) => m.fits && !m.reads).map((m) => m.what);
    expect(missed.filter((what) => !relations.some((relation) => relation.test(what)))).toEqual([]);
  });
});
