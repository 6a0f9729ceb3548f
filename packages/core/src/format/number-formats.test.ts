import { describe, expect, it } from 'vitest';
import { int4 } from '../dtype';
import { perAxis, perGroup } from '../granularity';
import { int8PerChannelWeight, uint8Activation } from '../presets';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { apotScheme } from './apot';
import { binaryScheme } from './binary';
import { codebookScheme } from './codebook';
import { logarithmicScheme } from './logarithmic';
import {
  describeScheme,
  formatOf,
  numberFormats,
  type QuantScheme,
  schemeFromJson,
  schemeToJson,
} from './number-formats';
import { ternaryScheme } from './ternary';

const schemes: QuantScheme[] = [
  uint8Activation,
  int8PerChannelWeight,
  linearScheme({ dtype: int4, granularity: perGroup(1, 4) }),
  logarithmicScheme({ bits: 4 }),
  logarithmicScheme({ bits: 3, signed: false, nearest: 'logarithmic', granularity: perAxis(0) }),
  apotScheme({ bits: 4 }),
  apotScheme({ bits: 3, signed: false, granularity: perAxis(1) }),
  binaryScheme(),
  binaryScheme({ scaleRule: 'mean', granularity: perAxis(0) }),
  ternaryScheme(),
  ternaryScheme({ thresholdFactor: 0.5, scaleRule: 'none', granularity: perGroup(0, 2) }),
  codebookScheme({ levels: [-1, -0.2, 0, 0.4, 1] }),
  codebookScheme({ levels: [-3, 0.5, 7], scaleRule: 'none', granularity: perAxis(1) }),
];
const named = schemes.map((scheme) => [describeScheme(scheme), scheme] as const);
const x = view(
  Array.from({ length: 48 }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 5))),
  [6, 8],
);

describe('every number format', () => {
  it.each(named)('fakeQuantize is dequantize after quantize, and idempotent: %s', (_, scheme) => {
    const format = formatOf(scheme);
    const params = format.chooseParams(x, scheme);
    const codes = format.quantize(x, scheme, params);
    const onGrid = format.fakeQuantize(x, scheme, params);
    expect(onGrid).toEqual(format.dequantize(codes, x.shape, scheme, params));
    // Ternary without a scale has levels ±1, which a threshold above 1 sends to 0.
    const hasStableLevels = scheme.kind !== 'ternary' || scheme.scaleRule === 'mean';
    if (hasStableLevels) expect(format.fakeQuantize(view(onGrid, x.shape), scheme, params)).toEqual(onGrid);
    expect(() => format.assertParams(params, scheme, 'tensor "x"')).not.toThrow();
  });

  it.each(named)('uses only codes of its code type: %s', (_, scheme) => {
    const format = formatOf(scheme);
    const { qmin, qmax } = format.codeType(scheme);
    const extremes = view(
      [Number.NEGATIVE_INFINITY, -1e30, 0, 1e30, Number.POSITIVE_INFINITY, Number.NaN].concat([...x.data]).slice(0, 48),
      x.shape,
    );
    const codes = format.quantize(extremes, scheme, format.chooseParams(x, scheme));
    expect([...codes].every((code) => code >= qmin && code <= qmax)).toBe(true);
  });

  it.each(named)('scheme and parameters survive JSON: %s', (_, scheme) => {
    const format = formatOf(scheme);
    const params = format.chooseParams(x, scheme);
    const readScheme = schemeFromJson(JSON.parse(JSON.stringify(schemeToJson(scheme))));
    expect(readScheme).toEqual(scheme);
    expect(Object.isFrozen(readScheme)).toBe(true);
    const json = JSON.parse(JSON.stringify(format.paramsToJson(params)));
    expect(format.paramsFromJson(json)).toEqual(
      Object.fromEntries(Object.entries(params).filter(([key]) => key !== 'degenerate')),
    );
    expect(Object.keys(schemeToJson(scheme))[0]).toBe('kind');
  });

  it.each(named)('takes all-zero and empty tensors: %s', (_, scheme) => {
    const format = formatOf(scheme);
    const zeros = view(new Float32Array(48), x.shape);
    const params = format.chooseParams(zeros, scheme);
    expect([...params.scale].every((s) => s === 1)).toBe(true);
    const isBinaryLike = scheme.kind === 'binary' || scheme.kind === 'codebook';
    if (!isBinaryLike) expect([...format.fakeQuantize(zeros, scheme, params)].every((v) => v === 0)).toBe(true);
    const empty = view([], [0, 8]);
    expect(format.quantize(empty, scheme, format.chooseParams(empty, scheme))).toHaveLength(0);
  });

  it.each(named)('refuses a tensor with NaN when it chooses parameters: %s', (_, scheme) => {
    const bad = view([...x.data.slice(0, 47), Number.NaN], x.shape);
    expect(() => formatOf(scheme).chooseParams(bad, scheme)).toThrow(/finite/);
  });

  it.each(named)('names lengths that do not fit: %s', (_, scheme) => {
    const format = formatOf(scheme);
    const params = format.chooseParams(x, scheme);
    expect(() =>
      format.quantize(view([1, 2, 3, 4], [2, 2]), scheme, { ...params, scale: new Float32Array(7) }),
    ).toThrow(/scale of length/);
    expect(() => format.dequantize([0], x.shape, scheme, params)).toThrow(/48 elements/);
  });
});

describe('numberFormats', () => {
  it('lists each format under its own kind', () => {
    for (const [kind, format] of Object.entries(numberFormats)) expect(format.kind).toBe(kind);
    expect(new Set(schemes.map((s) => s.kind))).toEqual(new Set(Object.keys(numberFormats)));
  });

  it('refuses a kind that does not exist, and options a scheme does not have', () => {
    expect(() => schemeFromJson({ kind: 'posit' })).toThrow(
      /linear, logarithmic, apot, binary, ternary, codebook, received "posit"/,
    );
    expect(() => schemeFromJson({ kind: 'toString' })).toThrow(/received "toString"/);
    expect(() => schemeFromJson(null)).toThrow(/received nothing/);
    expect(() => schemeFromJson({ kind: 'apot', bits: 4, signd: false })).toThrow(/unknown option "signd"/);
    expect(() => schemeFromJson({ kind: 'apot', bits: '4' })).toThrow(/2 to 8 bits, received 4/);
    expect(() => schemeFromJson({ kind: 'binary', scaleRule: 'max' })).toThrow(/none or mean or powerOfTwo/);
    expect(() => schemeFromJson({ kind: 'codebook', levels: [1, 1] })).toThrow(/strictly ascending/);
    expect(() => schemeFromJson({ kind: 'ternary', thresholdFactor: -1 })).toThrow(/thresholdFactor ≥ 0/);
  });

  it('refuses parameters that are not positive and finite', () => {
    const format = formatOf(apotScheme({ bits: 4 }));
    expect(() => format.assertParams({ scale: Float32Array.of(0) }, apotScheme({ bits: 4 }), 'tensor "w"')).toThrow(
      /tensor "w".*positive finite scale, received 0/,
    );
    const log = logarithmicScheme({ bits: 4 });
    expect(() => formatOf(log).assertParams({ scale: Float32Array.of(0.3) }, log, 'w')).toThrow(/power-of-two/);
    expect(() => format.paramsFromJson({ scale: ['1'] })).toThrow(/array of finite numbers under "scale"/);
  });
});
