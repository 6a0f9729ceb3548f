import {
  applyLookupTable,
  type CodeOutput,
  codesOf,
  integerAdd,
  integerAveragePool,
  integerConcat,
  integerMaxPool,
  integerMul,
  lookupTable,
  poolShape,
  roundHalfEven,
} from '@bitwright/core';
import {
  addI8,
  averagePoolI8,
  type CodeOperand,
  type Codes,
  concatI8,
  lookupI8,
  maxPoolI8,
  mulI8,
  type PoolingI8,
  type ResizeI8,
  resizeI8,
  softmaxI8,
} from '@bitwright/kernels-native';
import { describe, expect, it } from 'vitest';
import { at, type Draw, draw } from './random-codes';
import { skipped, tiers } from './tiers';

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function operand(d: Draw, length: number): CodeOperand {
  const codes = d.codes(length);
  const { qmin, qmax } = codesOf(codes);
  return { codes, scale: Math.fround(0.01 + d.random.next() / 10), zeroPoint: d.integer(qmin, qmax) };
}

/** Where results go, and a fresh array for them. */
function target(d: Draw, length: number): { output: CodeOutput; out: () => Codes } {
  const signed = d.random.next() < 0.5;
  const [qmin, qmax] = signed ? [-128, 127] : [0, 255];
  const output = {
    scale: Math.fround(0.02 + d.random.next() / 10),
    zeroPoint: d.integer(qmin, qmax),
    qmin: qmin + d.integer(0, 9),
    qmax: qmax - d.integer(0, 9),
  };
  return { output, out: () => (signed ? new Int8Array(length) : new Uint8Array(length)) };
}

const lengths = [0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 200_003];

describe.each(tiers)('operators on codes on %s', (_, native) => {
  it.each(lengths)('add and mul are bit-equal to the reference on %i codes', (length) => {
    const d = draw(length);
    for (let i = 0; i < (length > 1000 ? 1 : 6); i++) {
      const [a, b] = [operand(d, length), operand(d, length)];
      const { output, out } = target(d, length);
      const [sum, product] = [out(), out()];
      addI8(native, a, b, output, sum);
      expect(sum).toEqual(integerAdd(a, b, output, out()));
      mulI8(native, a, b, output, product);
      expect(product).toEqual(integerMul(a, b, output, out()));
    }
  });

  it('adds in place, at any alignment', () => {
    const d = draw(1);
    const a = { ...operand(d, 50), codes: at(d.uint8(50), 3), zeroPoint: 4 };
    const b = operand(d, 50);
    const output = { scale: 0.1, zeroPoint: 9, qmin: 0, qmax: 255 };
    const expected = integerAdd(a, b, output, new Uint8Array(50));
    addI8(native, a, b, output, a.codes);
    expect([...a.codes]).toEqual([...expected]);
  });

  it.each(lengths)('lookup is bit-equal to the reference on %i codes', (length) => {
    const d = draw(length + 1);
    const { codes, scale, zeroPoint } = operand(d, length);
    const { output, out } = target(d, length);
    const table = lookupTable((x) => 1 / (1 + Math.exp(-x)), { ...codesOf(codes), scale, zeroPoint }, output);
    const result = out();
    lookupI8(native, codes, table, result);
    expect(result).toEqual(applyLookupTable(codes, table, out()));
  });

  it('concat is bit-equal to the reference along every axis', () => {
    const d = draw(2);
    for (const axis of [0, 1, 2]) {
      const inputs = [3, 1, 70].map((size) => {
        const shape = [2, 5, 9].map((s, i) => (i === axis ? size : s));
        return { ...operand(d, count(shape)), shape };
      });
      const { output, out } = target(
        d,
        inputs.reduce((sum, { shape }) => sum + count(shape), 0),
      );
      const equal = { ...output, qmin: codesOf(out()).qmin, qmax: codesOf(out()).qmax };
      const same = {
        ...(inputs[0] as (typeof inputs)[number]),
        codes:
          out().constructor === Int8Array
            ? d.int8(count((inputs[0] as { shape: number[] }).shape))
            : d.uint8(count((inputs[0] as { shape: number[] }).shape)),
        scale: equal.scale,
        zeroPoint: equal.zeroPoint,
      };
      for (const list of [inputs, [same, ...inputs.slice(1)]]) {
        const result = out();
        concatI8(native, list, axis, equal, result);
        expect(result).toEqual(integerConcat(list, axis, equal, out()));
      }
    }
  });

  const poolings: readonly (readonly [string, PoolingI8])[] = [
    ['2x2', { inputShape: [2, 6, 8, 70], kernel: [2, 2], strides: [2, 2] }],
    ['3x3, padded', { inputShape: [1, 7, 5, 33], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
    ['rounded up', { inputShape: [1, 6, 7, 5], kernel: [3, 2], strides: [2, 3], pads: [0, 1, 1, 0], ceilMode: true }],
    ['dilation', { inputShape: [1, 9, 9, 16], kernel: [3, 3], dilations: [2, 2], pads: [2, 2, 2, 2] }],
    ['the whole image', { inputShape: [2, 7, 7, 65], kernel: [7, 7] }],
    ['single', { inputShape: [1, 1, 1, 1], kernel: [1, 1] }],
  ];
  it.each(poolings)('pooling, %s: bit-equal to the reference', (_name, pooling) => {
    const d = draw(3);
    for (let i = 0; i < 6; i++) {
      const input = operand(d, count(pooling.inputShape));
      const full = { ...pooling, layout: 'NHWC' as const, countIncludePad: i % 2 === 0 };
      const length = count(poolShape(full));
      const { output, out } = target(d, length);
      const average = out();
      averagePoolI8(native, input, full, output, average);
      expect(average).toEqual(integerAveragePool(input, full, output, out()));
      const max = input.codes.slice(0, length);
      const largest = new (input.codes.constructor as new (n: number) => Codes)(length);
      maxPoolI8(native, input.codes, pooling, largest);
      expect(largest).toEqual(integerMaxPool(input.codes, full, max));
    }
  });

  const resizes: readonly (readonly [string, Omit<ResizeI8, 'mode'>])[] = [
    ['twice as large', { inputShape: [2, 4, 5, 19], outHeight: 8, outWidth: 10 }],
    ['smaller', { inputShape: [1, 9, 11, 3], outHeight: 4, outWidth: 6 }],
    ['corners', { inputShape: [1, 5, 4, 7], outHeight: 13, outWidth: 9, coordinates: 'alignCorners' }],
    [
      'asymmetric',
      { inputShape: [1, 5, 4, 7], outHeight: 10, outWidth: 8, coordinates: 'asymmetric', rounding: 'floor' },
    ],
    ['one pixel', { inputShape: [1, 1, 1, 2], outHeight: 3, outWidth: 1, coordinates: 'alignCorners' }],
  ];
  it.each(resizes)('resize, %s: follows its formula', (_name, resize) => {
    const d = draw(4);
    for (const mode of ['linear', 'nearest'] as const) {
      const input = d.codes(count(resize.inputShape));
      const [n, h, w, c] = resize.inputShape as [number, number, number, number];
      const { outHeight, outWidth, coordinates, rounding } = resize;
      const position = (i: number, size: number, outSize: number): number => {
        const p =
          coordinates === 'alignCorners'
            ? outSize === 1
              ? 0
              : (i * (size - 1)) / (outSize - 1)
            : coordinates === 'asymmetric'
              ? (i * size) / outSize
              : ((i + 0.5) * size) / outSize - 0.5;
        return Math.min(Math.max(p, 0), size - 1);
      };
      const expected: number[] = [];
      for (let i = 0; i < n * outHeight * outWidth * c; i++) {
        const channel = i % c;
        const x = position(Math.floor(i / c) % outWidth, w, outWidth);
        const y = position(Math.floor(i / c / outWidth) % outHeight, h, outHeight);
        const image = Math.floor(i / c / outWidth / outHeight) * h;
        const codeAt = (yy: number, xx: number): number => input[((image + yy) * w + xx) * c + channel] as number;
        if (mode === 'nearest') {
          const pick = rounding === 'floor' ? Math.floor : (v: number) => Math.ceil(v - 0.5);
          expected.push(codeAt(pick(y), pick(x)));
          continue;
        }
        const [y0, x0] = [Math.floor(y), Math.floor(x)];
        const [wy, wx] = [Math.floor((y - y0) * 2048 + 0.5), Math.floor((x - x0) * 2048 + 0.5)];
        const [y1, x1] = [Math.min(y0 + 1, h - 1), Math.min(x0 + 1, w - 1)];
        const sum =
          (2048 - wy) * ((2048 - wx) * codeAt(y0, x0) + wx * codeAt(y0, x1)) +
          wy * ((2048 - wx) * codeAt(y1, x0) + wx * codeAt(y1, x1));
        expected.push(Math.floor((sum + 2 ** 21) / 2 ** 22));
      }
      const out =
        input.slice(0, 0).constructor === Int8Array ? new Int8Array(expected.length) : new Uint8Array(expected.length);
      resizeI8(native, input, { ...resize, mode }, out);
      expect([...out]).toEqual(expected);
    }
  });

  it('softmax: follows its formula, and rows sum up to 1 within half a code each', () => {
    const d = draw(5);
    for (const [rows, columns] of [
      [1, 1],
      [3, 10],
      [40, 129],
    ] as const) {
      const input = operand(d, rows * columns);
      const output = { scale: 1 / 256, zeroPoint: -128, qmin: -128, qmax: 127 };
      const out = new Int8Array(rows * columns);
      softmaxI8(native, input, { rows, columns }, output, out);
      for (let r = 0; r < rows; r++) {
        const codes = [...input.codes.subarray(r * columns, (r + 1) * columns)];
        const largest = Math.max(...codes);
        const terms = codes.map((q) => Math.floor(2 ** 23 * Math.exp(-input.scale * (largest - q)) + 0.5));
        const factor = Math.fround(256 / Math.fround(terms.reduce((a, b) => a + b, 0)));
        const expected = terms.map((t) => Math.min(roundHalfEven(Math.fround(Math.fround(t) * factor)) - 128, 127));
        expect([...out.subarray(r * columns, (r + 1) * columns)]).toEqual(expected);
        const total = expected.reduce((sum, q) => sum + (q + 128) / 256, 0);
        expect(Math.abs(total - 1)).toBeLessThanOrEqual((columns + 1) / 512);
      }
    }
  });
});

describe.each(tiers.slice(0, 1))('operators on codes on %s', (_, native) => {
  const a = { codes: new Uint8Array(4), scale: 1, zeroPoint: 0 };
  const output = { scale: 1, zeroPoint: 0, qmin: 0, qmax: 255 };
  const pooling = { inputShape: [1, 2, 2, 1], kernel: [2, 2] as const };

  it.each([
    [
      'operands of different lengths',
      () => addI8(native, a, { ...a, codes: new Uint8Array(3) }, output, new Uint8Array(4)),
      'ERR_SHAPE_MISMATCH',
    ],
    ['a scale of 0', () => mulI8(native, { ...a, scale: 0 }, a, output, new Uint8Array(4)), 'ERR_INVALID_ARGUMENT'],
    ['codes outside the type of out', () => addI8(native, a, a, output, new Int8Array(4)), 'ERR_INVALID_ARGUMENT'],
    [
      'overlapping memory',
      () =>
        addI8(
          native,
          { ...a, codes: a.codes.subarray(0, 3) },
          { ...a, codes: new Uint8Array(3) },
          output,
          a.codes.subarray(1),
        ),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'pooling in place',
      () => maxPoolI8(native, a.codes, { ...pooling, kernel: [1, 1] }, a.codes),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'a window without a value',
      () =>
        maxPoolI8(
          native,
          new Uint8Array(2),
          { inputShape: [1, 1, 2, 1], kernel: [1, 2], dilations: [1, 5], pads: [0, 3, 0, 3] },
          new Uint8Array(3),
        ),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'a table of other codes',
      () =>
        lookupI8(
          native,
          new Int8Array(4),
          lookupTable((x) => x, { qmin: 0, qmax: 255, scale: 1, zeroPoint: 0 }, output),
          new Uint8Array(4),
        ),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'shapes that do not join',
      () =>
        concatI8(
          native,
          [
            { ...a, shape: [2, 2] },
            { ...a, shape: [4] },
          ],
          0,
          output,
          new Uint8Array(8),
        ),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'resizing to nothing',
      () =>
        resizeI8(
          native,
          a.codes,
          { inputShape: [1, 2, 2, 1], outHeight: 0, outWidth: 1, mode: 'linear' },
          new Uint8Array(0),
        ),
      'ERR_INVALID_ARGUMENT',
    ],
  ])('refuses %s', (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

it.skipIf(tiers.length === 0)(`ran on an instruction set of this machine${skipped}`, () => {
  expect(tiers.map(([name]) => name)).not.toHaveLength(0);
});
