import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { int8, int32, intDType, uint8 } from './dtype';
import { apotScheme } from './format/apot';
import { binaryScheme } from './format/binary';
import { codebookScheme } from './format/codebook';
import { logarithmicScheme } from './format/logarithmic';
import type { QuantScheme } from './format/number-formats';
import { ternaryScheme } from './format/ternary';
import { type Granularity, perAxis, perGroup, perTensor } from './granularity';
import { uint8Activation } from './presets';
import {
  type AnyQuantizationSpec,
  emptySpec,
  type JsonValue,
  type NodeDecision,
  type Provenance,
  type QuantizationSpec,
  type TensorQuantization,
  withNodes,
  withTensor,
  withTensors,
} from './quantization-spec';
import { asLinearSpec, makeSpec } from './quantization-spec-check';
import { anySpecFromJson, specFromJson } from './quantization-spec-reader';
import { specToJson } from './quantization-spec-writer';
import { makeRange } from './range';
import { linearScheme } from './scheme';

const provenance: Provenance = {
  tool: { name: 'bitwright', version: '0.1.0' },
  modelHash: 'ab'.repeat(32),
  samples: 512,
};

const input: TensorQuantization = {
  role: 'activation',
  scheme: uint8Activation,
  qparams: { scale: Float32Array.of(4 / 255), zeroPoint: Int32Array.of(64) },
  range: makeRange(-1, 3),
  origin: { source: 'calibration', observer: 'histogram', selectRange: 'percentile(99.99)', statistics: '512 samples' },
};
const weight: TensorQuantization = {
  role: 'weight',
  scheme: linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true, granularity: perAxis(0) }),
  qparams: { scale: Float32Array.of(0.1, 0.2, 1), zeroPoint: new Int32Array(3) },
  bits: 4,
  origin: { source: 'dataFree', note: 'all-zero range in channels 2: scale set to 1' },
};
const nodes: Record<string, NodeDecision> = {
  conv1: { kind: 'integer', operator: 'Conv' },
  tanh: { kind: 'float', operator: 'Tanh', reason: 'no integer kernel' },
};
const spec: QuantizationSpec = makeSpec({ target: 'ort-x64', provenance, tensors: { input, weight }, nodes });

describe('specToJson', () => {
  it('writes one line per tensor and node, with sorted names and short numbers', () => {
    const line = (text: string) => JSON.stringify(JSON.parse(text));
    expect(specToJson(spec).split('\n')).toEqual([
      '{',
      ' "version": 1,',
      ' "target": "ort-x64",',
      ` "provenance": {"tool":{"name":"bitwright","version":"0.1.0"},"modelHash":"${'ab'.repeat(32)}","samples":512},`,
      ' "tensors": {',
      `  "input": ${line(`{"role":"activation","scheme":{"kind":"linear","dtype":"uint8","mapping":"asymmetric",
        "granularity":{"kind":"perTensor"},"narrowRange":false,"qmin":0,"qmax":255,"scaleForm":"any","rounding":"halfEven",
        "unsignedZero":"midpoint","divisor":"qmax"},"scale":[0.015686275],"zeroPoint":[64],
        "range":{"min":[-1],"max":[3]},"origin":{"source":"calibration","observer":"histogram",
        "selectRange":"percentile(99.99)","statistics":"512 samples"}}`)},`,
      `  "weight": ${line(`{"role":"weight","scheme":{"kind":"linear","dtype":"int8","mapping":"symmetric",
        "granularity":{"kind":"perAxis","axis":0},"narrowRange":true,"qmin":-127,"qmax":127,"scaleForm":"any",
        "rounding":"halfEven","unsignedZero":"midpoint","divisor":"qmax"},"scale":[0.1,0.2,1],"zeroPoint":[0],"bits":4,
        "origin":{"source":"dataFree","note":"all-zero range in channels 2: scale set to 1"}}`)}`,
      ' },',
      ' "nodes": {',
      '  "conv1": {"kind":"integer","operator":"Conv"},',
      '  "tanh": {"kind":"float","operator":"Tanh","reason":"no integer kernel"}',
      ' }',
      '}',
      '',
    ]);
  });

  it('gives equal bytes for equal specs, whatever order they were built in', () => {
    const oneWay = withTensor(withTensor(emptySpec('t', provenance), 'b', weight), 'a', input);
    const other = withTensors(emptySpec('t', { samples: 512, ...provenance }), { a: input, b: weight });
    expect(specToJson(oneWay)).toBe(specToJson(other));
    const extended = (extensions: Record<string, JsonValue>) =>
      specToJson(makeSpec({ target: 't', provenance, extensions }));
    expect(extended({ a: 1, b: { c: [1, { e: null, d: -0 }] } })).toBe(
      extended({ b: { c: [1, { d: -0, e: null }] }, a: 1 }),
    );
  });

  it('refuses what the reader would refuse, so that no unreadable file comes into being', () => {
    const broken = withTensor(spec, 'input', {
      ...input,
      qparams: { scale: Float32Array.of(Number.NaN), zeroPoint: Int32Array.of(0) },
    });
    expect(() => specToJson(broken)).toThrow(
      /\[core\] specToJson: expected parameters that fit uint8.*\$\.tensors\["input"\]/,
    );
  });
});

describe('specFromJson', () => {
  it('reads back an equal, frozen spec', () => {
    const back = specFromJson(specToJson(spec));
    expect(back).toEqual(spec);
    expect(Object.isFrozen(back.tensors['weight'])).toBe(true);
  });

  it('keeps the data of other tools under extensions', () => {
    const extensions = { 'my-tool': { cost: 1.5, tags: ['a', null, true] } };
    const tagged = makeSpec({ target: 't', provenance, extensions, tensors: { input: { ...input, extensions } } });
    expect(specFromJson(specToJson(tagged))).toEqual(tagged);
  });

  /** The spec as JSON with one place changed. */
  const changed = (change: (root: ReturnType<typeof parsed>) => void): string => {
    const root = parsed();
    change(root);
    return JSON.stringify(root);
  };
  // biome-ignore lint/suspicious/noExplicitAny: the point is to damage the JSON in every way
  const parsed = (): any => JSON.parse(specToJson(spec));

  it.each<[string, (root: ReturnType<typeof parsed>) => void, RegExp]>([
    ['no version', (r) => delete r.version, /version 1 at \$\.version, received nothing/],
    ['a newer version', (r) => (r.version = 7), /received 7\. It was written by a newer release: update this one/],
    ['an unknown key', (r) => (r.tensor = {}), /only the keys version, target.*at \$, received "tensor"/],
    ['a missing part', (r) => delete r.nodes, /a value at \$\.nodes, received nothing/],
    ['an empty target', (r) => (r.target = ''), /a target id at \$\.target, received ""/],
    ['a hash that is none', (r) => (r.provenance.modelHash = 'abc'), /SHA-256.*\$\.provenance\.modelHash/],
    ['a negative sample count', (r) => (r.provenance.samples = -1), /\$\.provenance\.samples/],
    ['no tool', (r) => delete r.provenance.tool, /\$\.provenance\.tool/],
    ['an empty tensor name', (r) => (r.tensors[''] = r.tensors.input), /names that are not empty/],
    [
      'an unknown role',
      (r) => (r.tensors.input.role = 'output'),
      /activation, weight, bias at \$\.tensors\["input"\]\.role/,
    ],
    ['a misspelled field', (r) => (r.tensors.input.zeropoint = [0]), /\$\.tensors\["input"\], received "zeropoint"/],
    [
      'a scale that is a string',
      (r) => (r.tensors.weight.scale[1] = '0.1'),
      /\$\.tensors\["weight"\]\.scale\[1\], received "0\.1"/,
    ],
    [
      'a scale that is null (NaN)',
      (r) => (r.tensors.weight.scale[0] = null),
      /a finite number at .*scale\[0\], received null/,
    ],
    ['a scale of zero', (r) => (r.tensors.weight.scale[2] = 0), /positive finite scale.*0 at parameter 2/],
    ['a scale below float32', (r) => (r.tensors.weight.scale[2] = 1e-60), /positive finite scale/],
    ['two scales per tensor', (r) => (r.tensors.input.scale = [1, 1]), /one scale \(perTensor\) at .*received 2/],
    ['no scale', (r) => (r.tensors.weight.scale = []), /1 or 0 numbers|at least one scale/],
    ['a fractional zero point', (r) => (r.tensors.input.zeroPoint = [0.5]), /an integer code at .*zeroPoint\[0\]/],
    ['a zero point outside the codes', (r) => (r.tensors.input.zeroPoint = [256]), /zero point within \[0, 255\]/],
    ['a symmetric zero point that is not 0', (r) => (r.tensors.weight.zeroPoint = [3]), /zero point 0 \(symmetric\)/],
    ['too few zero points', (r) => (r.tensors.weight.zeroPoint = [0, 0]), /1 or 3 numbers, as many as scales/],
    [
      'an unknown scheme kind',
      (r) => (r.tensors.input.scheme.kind = 'cubic'),
      /\$\.tensors\["input"\]\.scheme.*"cubic"/,
    ],
    [
      'a scheme with a field left out',
      (r) => delete r.tensors.input.scheme.rounding,
      /\$\.tensors\["input"\]\.scheme\.rounding/,
    ],
    ['an unknown dtype', (r) => (r.tensors.input.scheme.dtype = 'int99'), /scheme at .*99 bits signed\.$/],
    ['an impossible code range', (r) => (r.tensors.input.scheme.qmax = 300), /integer codes qmin < qmax within uint8/],
    ['an axis on perTensor', (r) => (r.tensors.input.scheme.granularity.axis = 0), /granularity.*received "axis"/],
    ['a reversed range', (r) => (r.tensors.input.range = { min: [1], max: [0] }), /min ≤ max/],
    ['a range of the wrong length', (r) => (r.tensors.input.range = { min: [0, 0], max: [1, 1] }), /1 or 1/],
    ['65 bits', (r) => (r.tensors.input.bits = 65), /1 to 32 bits at .*bits/],
    ['no origin', (r) => delete r.tensors.input.origin, /\$\.tensors\["input"\]\.origin/],
    ['an unknown source', (r) => (r.tensors.input.origin.source = 'magic'), /calibration, dataFree.*origin\.source/],
    ['a leader that is a number', (r) => (r.tensors.input.origin.from = [1]), /origin\.from\[0\]/],
    ['an unknown node decision', (r) => (r.nodes.conv1.kind = 'fast'), /\$\.nodes\["conv1"\]\.kind/],
    ['a float node without a reason', (r) => delete r.nodes.tanh.reason, /a reason at \$\.nodes\["tanh"\]\.reason/],
    ['extensions that are a list', (r) => (r.extensions = []), /an object at \$\.extensions/],
  ])('refuses %s, with the path', (_what, change, message) => {
    expect(() => specFromJson(changed(change))).toThrow(message);
  });

  it.each(['', '{', 'null', '[]', '"spec"', '{}'])('refuses %j', (text) => {
    expect(() => specFromJson(text)).toThrow(/\[core\] specFromJson/);
  });
});

describe('non-linear formats', () => {
  const scale = Float32Array.of(0.75);
  const origin = { source: 'training' } as const;
  const tensors: AnyQuantizationSpec['tensors'] = {
    apot: { role: 'weight', scheme: apotScheme({ bits: 4 }), qparams: { scale }, origin },
    binary: { role: 'weight', scheme: binaryScheme(), qparams: { scale }, origin },
    codebook: { role: 'weight', scheme: codebookScheme({ levels: [-1, 0, 0.5] }), qparams: { scale }, origin },
    linear: input,
    logarithmic: {
      role: 'weight',
      scheme: logarithmicScheme({ bits: 4 }),
      qparams: { scale: Float32Array.of(0.5) },
      origin,
    },
    ternary: { role: 'weight', scheme: ternaryScheme(), qparams: { scale, threshold: Float32Array.of(0.3) }, origin },
  };
  const any: AnyQuantizationSpec = makeSpec<QuantScheme>({ target: 'academic', provenance, tensors });

  it('round-trip like linear ones', () => {
    expect(anySpecFromJson(specToJson(any))).toEqual(any);
  });

  it('are refused where only linear ones can be used, by name', () => {
    expect(() => specFromJson(specToJson(any))).toThrow(/linear schemes only, received apot.*tensor "apot"/);
    expect(asLinearSpec(spec)).toBe(spec);
  });
});

describe('builders', () => {
  it('leave the spec they start from alone', () => {
    const start = emptySpec('ort-x64', provenance);
    const next = withNodes(withTensor(start, 'x', input), { a: { kind: 'absorbed' } });
    expect(start.tensors).toEqual({});
    expect(Object.keys(next.tensors)).toEqual(['x']);
    expect(next.nodes['a']).toEqual({ kind: 'absorbed' });
    expect(Object.isFrozen(next.tensors)).toBe(true);
  });

  it('check what they are given', () => {
    expect(() => makeSpec({ target: '', provenance })).toThrow(/\[core\] makeSpec: expected a target id at \$\.target/);
  });
});

/** 200,000 scales take about 120 ms; ten times that on a busy machine. Quadratic code would take minutes. */
const slowestMilliseconds = 1200;

const names = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom('__proto__', 'constructor', '7', '10', '/conv/"w"', '\ud800'),
);
const scales = (count: number) =>
  fc.array(fc.float({ min: Math.fround(2 ** -126), max: Math.fround(1e30), noNaN: true }), {
    minLength: count,
    maxLength: count,
  });
const granularities: fc.Arbitrary<readonly [Granularity, number]> = fc.constantFrom(
  [perTensor, 1] as const,
  [perAxis(0), 1] as const,
  [perAxis(2), 5] as const,
  [perGroup(1, 32), 4] as const,
);
const tensors: fc.Arbitrary<TensorQuantization> = granularities.chain(([granularity, count]) =>
  fc
    .record({
      dtype: fc.constantFrom(uint8, int8, intDType(3, true), intDType(16, false), int32),
      mapping: fc.constantFrom('symmetric' as const, 'asymmetric' as const),
      values: scales(count),
      code: fc.array(fc.integer({ min: -4, max: 3 }), { minLength: count, maxLength: count }),
      role: fc.constantFrom('activation' as const, 'weight' as const, 'bias' as const),
      bits: fc.option(fc.integer({ min: 1, max: 32 }), { nil: undefined }),
      range: fc.option(
        fc.tuple(fc.double({ max: 0, min: -1e9, noNaN: true }), fc.double({ min: 0, max: 1e9, noNaN: true })),
        { nil: undefined },
      ),
      origin: fc.record(
        {
          source: fc.constantFrom('calibration' as const, 'derived' as const),
          observer: fc.string(),
          from: fc.array(names, { maxLength: 3 }),
          note: fc.string({ unit: 'binary' }),
        },
        { requiredKeys: ['source'] },
      ),
    })
    .map(({ dtype, mapping, values, code, role, bits, range, origin }) => {
      const scheme = linearScheme({ dtype, mapping, granularity, unsignedZero: 'zero' });
      const zeroPoint = Int32Array.from(code, (z) => (mapping === 'symmetric' ? 0 : Math.max(z, scheme.qmin)));
      return {
        role,
        scheme,
        qparams: { scale: Float32Array.from(values), zeroPoint },
        ...(range === undefined ? {} : { range: makeRange(range[0], range[1]) }),
        ...(bits === undefined ? {} : { bits }),
        origin,
      };
    }),
);
const decisions: fc.Arbitrary<NodeDecision> = fc.oneof(
  fc.record({ kind: fc.constantFrom('integer' as const, 'passThrough' as const, 'absorbed' as const) }),
  fc.record({ kind: fc.constant('float' as const), reason: fc.string() }),
);

describe('properties', () => {
  it('fromJson(toJson(spec)) is the identity, and toJson(fromJson(text)) too', () => {
    fc.assert(
      fc.property(
        fc.dictionary(names, tensors, { maxKeys: 6 }),
        fc.dictionary(names, decisions, { maxKeys: 6 }),
        fc.dictionary(names, fc.jsonValue() as fc.Arbitrary<JsonValue>, { maxKeys: 3 }),
        (someTensors, someNodes, extensions) => {
          const some = makeSpec({
            target: 't',
            provenance,
            tensors: { ...someTensors },
            nodes: { ...someNodes },
            extensions,
          });
          const text = specToJson(some);
          const back = specFromJson(text);
          expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(some.tensors).sort());
          for (const [name, tensor] of Object.entries(some.tensors)) expect(back.tensors[name]).toEqual(tensor);
          expect({ ...back.nodes }).toEqual({ ...some.nodes });
          expect(specToJson(back)).toBe(text);
        },
      ),
      { seed: 42, numRuns: 300 },
    );
  });

  it('write and read 200 tensors of 1,000 channels without a detour', () => {
    const scheme = linearScheme({ dtype: int8, mapping: 'symmetric', granularity: perAxis(0) });
    const many: Record<string, TensorQuantization> = {};
    for (let t = 0; t < 200; t++) {
      const scale = Float32Array.from({ length: 1000 }, (_, c) => Math.exp(-((t * 31 + c * 17) % 997) / 100));
      const qparams = { scale, zeroPoint: new Int32Array(1000) };
      many[`layer${t}.weight`] = { role: 'weight', scheme, qparams, origin: { source: 'dataFree' } };
    }
    const large = makeSpec({ target: 'ort-x64', provenance, tensors: many });
    const start = performance.now();
    const back = specFromJson(specToJson(large));
    expect(performance.now() - start).toBeLessThan(slowestMilliseconds);
    expect(back.tensors['layer199.weight']).toEqual(large.tensors['layer199.weight']);
  });
});
