import { describe, expect, it } from 'vitest';
import { int4, int8, intDType, uint8 } from './dtype';
import { perAxis, perGroup } from './granularity';
import { int8PerChannelWeight } from './presets';
import { biasScheme, linearScheme, linearSchemeFromJson, linearSchemeToJson, withScheme } from './scheme';

describe('linearScheme', () => {
  it('knows every width from 1 to 16 bits', () => {
    for (let bits = 1; bits <= 16; bits++) {
      expect(linearScheme({ dtype: intDType(bits, false) })).toMatchObject({ qmin: 0, qmax: 2 ** bits - 1 });
      if (bits === 1) continue;
      const narrow = linearScheme({ dtype: intDType(bits, true), mapping: 'symmetric', narrowRange: true });
      expect(narrow).toMatchObject({ qmin: 1 - 2 ** (bits - 1), qmax: 2 ** (bits - 1) - 1 });
    }
    expect(() => intDType(1, true)).toThrow(/1 bits signed/);
    expect(() => intDType(17, false)).toThrow(/17 bits/);
  });

  it('is frozen and has its defaults', () => {
    const scheme = linearScheme({ dtype: int8 });
    expect(Object.isFrozen(scheme)).toBe(true);
    expect(linearSchemeToJson(scheme)).toEqual({
      kind: 'linear',
      dtype: 'int8',
      mapping: 'asymmetric',
      granularity: { kind: 'perTensor' },
      narrowRange: false,
      qmin: -128,
      qmax: 127,
      scaleForm: 'any',
      rounding: 'halfEven',
      unsignedZero: 'midpoint',
      divisor: 'qmax',
    });
  });

  it.each([
    ['an unknown option', { dtype: int8, bits: 4 }, /unknown option "bits"/],
    ['a mapping that does not exist', { dtype: int8, mapping: 'affine' }, /mapping symmetric or asymmetric/],
    ['a narrowRange that is no boolean', { dtype: int8, narrowRange: 'yes' }, /narrowRange false or true/],
    ['a rounding that does not exist', { dtype: int8, rounding: 'nearest' }, /rounding halfEven/],
    ['a granularity that is none', { dtype: int8, granularity: 'perTensor' }, /granularity of kind/],
    ['no dtype', {}, /a dtype such as int8/],
    ['narrowRange of an unsigned type', { dtype: uint8, narrowRange: true }, /narrowRange only for signed/],
    ['narrowRange with all codes', { dtype: int8, narrowRange: true, qmin: -128 }, /qmin > -128 with narrowRange/],
    ['codes outside the type', { dtype: int4, qmax: 8 }, /within int4 \[-8, 7\]/],
    ['codes in the wrong order', { dtype: int8, qmin: 3, qmax: 3 }, /qmin < qmax/],
    ['one-sided symmetric codes', { dtype: int8, mapping: 'symmetric', qmin: 1 }, /both sides of 0/],
    ['a zero without a code', { dtype: uint8, mapping: 'symmetric', unsignedZero: 'zero', qmin: 1 }, /code 0 in use/],
  ])('refuses %s', (_, options, message) => {
    expect(() => linearScheme(options as unknown as Parameters<typeof linearScheme>[0])).toThrow(message);
  });

  it('is replaced option by option; a new dtype brings its own codes', () => {
    const reduced = linearScheme({ dtype: int8, mapping: 'symmetric', qmin: -64, qmax: 64 });
    expect(withScheme(reduced, { granularity: perAxis(1) })).toMatchObject({ qmin: -64, qmax: 64 });
    expect(withScheme(reduced, { dtype: int4 })).toMatchObject({ qmin: -8, qmax: 7 });
  });

  it('survives JSON, and refuses JSON that is no scheme', () => {
    for (const scheme of [
      int8PerChannelWeight,
      biasScheme(perAxis(0)),
      withScheme(int8PerChannelWeight, { granularity: perGroup(1, 32) }),
    ]) {
      expect(linearSchemeFromJson(JSON.parse(JSON.stringify(linearSchemeToJson(scheme))))).toEqual(scheme);
    }
    expect(() => linearSchemeFromJson(null)).toThrow(/a scheme object/);
    expect(() => linearSchemeFromJson({ kind: 'apot' })).toThrow(/kind "linear"/);
    expect(() => linearSchemeFromJson({ kind: 'linear', dtype: 'int9x' })).toThrow(/integer type/);
    expect(() => linearSchemeFromJson({ kind: 'linear', dtype: 'int8', granularity: { kind: 'perAxis' } })).toThrow(
      /axis/,
    );
  });
});
