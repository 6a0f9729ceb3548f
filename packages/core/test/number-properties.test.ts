import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apotScheme,
  binaryScheme,
  chooseQParams,
  codebookScheme,
  dataRange,
  dequantize,
  describeScheme,
  fakeQuantize,
  formatOf,
  intDType,
  type LinearScheme,
  linearScheme,
  logarithmicScheme,
  makeRange,
  pack,
  perAxis,
  perGroup,
  perTensor,
  type QDType,
  type QuantScheme,
  quantize,
  representableRange,
  schemeFromJson,
  schemeToJson,
  ternaryScheme,
  unpack,
  view,
} from '../src/index';

const runs = { seed: 20240607, numRuns: 300 };

/** Finite float32 numbers of every magnitude, ties and subnormal ones included. */
const real = fc.float({ noNaN: true, noDefaultInfinity: true, max: Math.fround(1e30), min: Math.fround(-1e30) });
const data = fc.array(real, { minLength: 1, maxLength: 24 });

const dtype: fc.Arbitrary<QDType> = fc
  .record({ bits: fc.integer({ min: 1, max: 16 }), signed: fc.boolean() })
  .map(({ bits, signed }) => intDType(bits, signed && bits > 1));

const linear: fc.Arbitrary<LinearScheme> = fc
  .record({
    dtype,
    mapping: fc.constantFrom('symmetric' as const, 'asymmetric' as const),
    narrowRange: fc.boolean(),
    scaleForm: fc.constantFrom('any' as const, 'powerOfTwo' as const),
    unsignedZero: fc.constantFrom('midpoint' as const, 'zero' as const),
    divisor: fc.constantFrom('qmax' as const, 'halfSpan' as const),
    granularity: fc.constantFrom(perTensor, perAxis(0), perAxis(2), perGroup(1, 32)),
    rounding: fc.constantFrom('halfEven' as const, 'halfAway' as const, 'halfUp' as const, 'floor' as const),
  })
  .map((options) => linearScheme({ ...options, narrowRange: options.narrowRange && options.dtype.signed }));

const scheme: fc.Arbitrary<QuantScheme> = fc.oneof(
  linear,
  fc
    .record({
      bits: fc.integer({ min: 2, max: 8 }),
      signed: fc.boolean(),
      nearest: fc.constantFrom('linear' as const, 'logarithmic' as const),
    })
    .map(logarithmicScheme),
  fc.record({ bits: fc.integer({ min: 2, max: 8 }), signed: fc.boolean() }).map(apotScheme),
  fc.record({ scaleRule: fc.constantFrom('none' as const, 'mean' as const, 'powerOfTwo' as const) }).map(binaryScheme),
  fc.record({ thresholdFactor: fc.double({ min: 0, max: 2, noNaN: true }) }).map(ternaryScheme),
  fc
    .uniqueArray(fc.integer({ min: -800, max: 800 }), { minLength: 2, maxLength: 40 })
    .map((levels) => codebookScheme({ levels: levels.sort((a, b) => a - b).map((v) => v / 8) })),
);

function perTensorOf(s: LinearScheme): LinearScheme {
  return linearScheme({ ...optionsOf(s), granularity: perTensor, rounding: 'halfEven' });
}

function optionsOf({ kind: _kind, ...options }: LinearScheme): Omit<LinearScheme, 'kind'> {
  return options;
}

/** Bits of a float32 as an ordered integer: neighbours differ by 1. */
function ulpsBetween(a: number, b: number): number {
  const ordered = (v: number) => {
    const bits = new Int32Array(Float32Array.of(v).buffer)[0] as number;
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(ordered(a) - ordered(b));
}

describe('linear quantization', () => {
  it('moves no number inside the representable range by more than half a step and one ulp', () => {
    fc.assert(
      fc.property(linear.map(perTensorOf), data, (s, values) => {
        const x = view(values);
        const qparams = chooseQParams(dataRange(x, perTensor), s);
        const [low, high] = [representableRange(qparams, s).min[0]!, representableRange(qparams, s).max[0]!];
        const scale = qparams.scale[0]!;
        fakeQuantize(x, s, qparams).forEach((onGrid, i) => {
          const v = x.data[i]!;
          if (v < low || v > high) return;
          // x/scale and scale·q each round once in float32: a unit in the last place of x beyond half a step.
          const slack = Math.abs(v) * 2 ** -22 + 2 ** -149;
          expect(Math.abs(onGrid - v)).toBeLessThanOrEqual(scale / 2 + slack);
        });
      }),
      runs,
    );
  });

  it('keeps every point of the grid, and 0 exactly', () => {
    fc.assert(
      fc.property(linear.map(perTensorOf), data, (s, values) => {
        const qparams = chooseQParams(dataRange(view(values), perTensor), s);
        const span = s.qmax - s.qmin;
        const codes = Int32Array.from(
          { length: Math.min(span + 1, 64) },
          (_, i) => s.qmin + Math.floor((i * span) / Math.min(span, 63)),
        );
        const grid = dequantize(codes, [codes.length], s, qparams);
        expect([...quantize(view(grid), s, qparams)]).toEqual([...codes]);
        expect(fakeQuantize(view([0]), s, qparams)[0]).toBe(0);
      }),
      runs,
    );
  });

  it('is odd for symmetric schemes with symmetric codes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), data, (bits, values) => {
        const s = linearScheme({ dtype: intDType(bits, true), mapping: 'symmetric', narrowRange: true });
        const qparams = chooseQParams(dataRange(view(values), perTensor), s);
        const codes = quantize(view(values), s, qparams);
        const negated = quantize(view(values.map((v) => -v)), s, qparams);
        expect([...negated].map((q) => 0 - q)).toEqual([...codes]);
      }),
      runs,
    );
  });

  it('chooses parameters that include the range: no more than the rounding of scale and zero point is cut', () => {
    fc.assert(
      fc.property(linear.map(perTensorOf), real, real, (s, a, b) => {
        // Data that can be negative have no place in an unsigned scheme with its zero at code 0.
        const isOneSided = s.mapping === 'symmetric' && !s.dtype.signed && s.unsignedZero === 'zero';
        const [low, high] = isOneSided ? [0, Math.max(a, b, 0)] : [Math.min(a, b, 0), Math.max(a, b, 0)];
        const qparams = chooseQParams(makeRange(low, high), s);
        const covered = representableRange(qparams, s);
        const step = qparams.scale[0]! * (1 + 2 ** -20);
        expect(covered.min[0]! - low).toBeLessThanOrEqual(step);
        expect(high - covered.max[0]!).toBeLessThanOrEqual(step);
      }),
      runs,
    );
  });

  it('stores parameters that differ from the exact ones by at most one unit in the last place', () => {
    fc.assert(
      fc.property(real, (max) => {
        const { scale, degenerate } = chooseQParams(
          makeRange(Math.min(0, max), Math.max(0, max)),
          linearScheme({ dtype: intDType(8, false) }),
        );
        if (degenerate.length === 0) expect(ulpsBetween(scale[0]!, Math.abs(max) / 255)).toBeLessThanOrEqual(1);
      }),
      runs,
    );
  });
});

describe('every number format', () => {
  it('is monotone: a larger number never gets a smaller level', () => {
    fc.assert(
      fc.property(scheme, data, (s, values) => {
        const one = schemeFromJson({ ...schemeToJson(s), granularity: perTensor });
        const format = formatOf(one);
        const sorted = view(Float32Array.from(values).sort());
        const onGrid = format.fakeQuantize(sorted, one, format.chooseParams(sorted, one));
        for (let i = 1; i < onGrid.length; i++) {
          if (onGrid[i]! < onGrid[i - 1]!)
            expect.fail(
              `${describeScheme(one)}: ${sorted.data[i - 1]} → ${onGrid[i - 1]}, ${sorted.data[i]} → ${onGrid[i]}`,
            );
        }
      }),
      runs,
    );
  });

  it('keeps its levels: fakeQuantize is idempotent', () => {
    fc.assert(
      fc.property(scheme, data, (s, values) => {
        const one = schemeFromJson({
          ...schemeToJson(s),
          granularity: perTensor,
          ...(s.kind === 'linear' && { rounding: 'halfEven' }),
        });
        const format = formatOf(one);
        const x = view(values);
        const params = format.chooseParams(x, one);
        const onGrid = format.fakeQuantize(x, one, params);
        expect(format.fakeQuantize(view(onGrid), one, params)).toEqual(onGrid);
      }),
      runs,
    );
  });

  it('survives JSON, schemes and parameters', () => {
    fc.assert(
      fc.property(scheme, data, (s, values) => {
        const read = schemeFromJson(JSON.parse(JSON.stringify(schemeToJson(s))));
        expect(read).toEqual(s);
        const one = schemeFromJson({ ...schemeToJson(s), granularity: perTensor });
        const format = formatOf(one);
        const params = format.chooseParams(view(values), one);
        const back = format.paramsFromJson(JSON.parse(JSON.stringify(format.paramsToJson(params))));
        expect(back.scale).toEqual(params.scale);
        expect(format.paramsToJson(back)).toEqual(format.paramsToJson(params));
      }),
      runs,
    );
  });
});

describe('packing', () => {
  it('has unpack as its inverse, for every sub-byte type and length', () => {
    const narrow = fc.constantFrom(
      intDType(1, false),
      intDType(2, false),
      intDType(2, true),
      intDType(4, false),
      intDType(4, true),
    );
    fc.assert(
      fc.property(
        narrow.chain((type) =>
          fc.tuple(fc.constant(type), fc.array(fc.integer({ min: type.qmin, max: type.qmax }), { maxLength: 40 })),
        ),
        ([type, codes]) => {
          expect([...unpack(pack(codes, type), type, codes.length)]).toEqual(codes);
        },
      ),
      runs,
    );
  });

  it('has pack as the inverse of unpack on whole bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom(intDType(1, false), intDType(2, true), intDType(4, true)),
        (bytes, type) => {
          const codes = unpack(bytes, type, (bytes.length * 8) / type.bits);
          expect(pack(codes, type)).toEqual(bytes);
        },
      ),
      runs,
    );
  });
});
