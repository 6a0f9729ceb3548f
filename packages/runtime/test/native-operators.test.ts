import {
  type CodeOutput,
  findTarget,
  lookupTable,
  type QuantizedArray,
  requantizationMultiplier,
  seededRandom,
} from '@bitwright/core';
import { type NativeBackend, tryLoadNativeBackend } from '@bitwright/kernels-native';
import { describe, expect, it } from 'vitest';
import { type IntegerOperators, integerOperators, loadPackedModel } from '../src/index';
import { nativeOperators } from '../src/native/index';
import { networks } from './networks';
import { packed, sizeOf, specFor, values } from './toy-network';

const loaded = tryLoadNativeBackend({ threads: 2 });
const why = 'error' in loaded ? ` (skipped: no native addon. ${loaded.error.hint})` : '';
const backend = 'error' in loaded ? undefined : loaded.backend;

type Bytes = Int8Array | Uint8Array;

function codes(length: number, seed: number, isSigned: boolean): Bytes {
  const random = seededRandom(seed);
  const out = isSigned ? new Int8Array(length) : new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = Math.floor(random.next() * 256) - (isSigned ? 128 : 0);
  return out;
}

const unsignedOutput: CodeOutput = { scale: Math.fround(0.07), zeroPoint: 120, qmin: 0, qmax: 255 };
const signedOutput: CodeOutput = { scale: Math.fround(0.05), zeroPoint: -7, qmin: -128, qmax: 127 };

/** The same call on both, and the same bits. */
function same(
  native: NativeBackend,
  length: number,
  isSigned: boolean,
  call: (own: IntegerOperators, out: Bytes) => void,
) {
  const [expected, out] = [0, 0].map(() => (isSigned ? new Int8Array(length) : new Uint8Array(length))) as [
    Bytes,
    Bytes,
  ];
  call(integerOperators(), expected);
  call(nativeOperators(native), out);
  expect(out).toEqual(expected);
  expect(new Set(out).size).toBeGreaterThan(1);
}

describe.skipIf(backend === undefined)(`native operators beside the reference${why}`, () => {
  const native = backend as NativeBackend;

  describe.each([
    ['3×3', [7, 3, 3, 5], 1, [1, 1], [1, 1, 1, 1]],
    ['1×1', [20, 1, 1, 9], 1, [1, 1], [0, 0, 0, 0]],
    ['3×3 in 2 groups', [6, 3, 3, 4], 2, [1, 1], [1, 1, 1, 1]],
    ['3×3 with dilation 2', [5, 3, 3, 3], 1, [2, 2], [2, 2, 2, 2]],
    ['3×3 depthwise', [19, 3, 3, 1], 19, [1, 1], [1, 1, 1, 1]],
    ['5×3 depthwise with uneven pads', [8, 5, 3, 1], 8, [1, 1], [4, 0, 1, 2]],
    ['3×3 depthwise, two filters per channel', [8, 3, 3, 1], 4, [1, 1], [1, 1, 1, 1]],
  ] as const)('a convolution %s', (_, weightShape, groups, dilations, pads) => {
    const [o, , , perGroup] = weightShape;
    const c = perGroup * groups;
    const inputShape = [2, 8, 6, c] as const;
    const weights = { weight: codes(sizeOf(weightShape), 1, true) as QuantizedArray, weightShape, groups, dilations };
    const input = codes(sizeOf(inputShape), 2, false);
    const bias = Int32Array.from({ length: o }, (__, i) => (i - o / 2) * 321);
    const scale = Float32Array.from({ length: o }, (__, i) => 0.001 * (i + 1));
    const reach = [weightShape[1], weightShape[2]].map((k, axis) => (k - 1) * dilations[axis as 0 | 1] + 1) as [
      number,
      number,
    ];
    const count = 2 * (8 + pads[0] + pads[2] - reach[0] + 1) * (6 + pads[1] + pads[3] - reach[1] + 1) * o;
    const call = { input, inputShape, inputZeroPoint: 17, bias, strides: [1, 1] as const, pads };

    it.each(['float', 'fixedPointTwice', 'fixedPointOnce'] as const)('requantizes by %s', (method) => {
      const multiplier = requantizationMultiplier(Math.fround(0.02), scale, unsignedOutput.scale);
      same(native, count, false, (own, out) =>
        own
          .convolution({ ...weights, weightZeroPoint: 0 })
          .run({ ...call, to: { ...unsignedOutput, multiplier, method } }, out),
      );
    });

    it('takes zero points per output, and gives real numbers', () => {
      const weightZeroPoint = Int32Array.from({ length: o }, (__, i) => (i % 5) - 2);
      const [expected, out] = [new Float32Array(count), new Float32Array(count)];
      const to = { multiplier: scale, addend: values(o, 3) };
      integerOperators()
        .convolution({ ...weights, weightZeroPoint })
        .run({ ...call, to }, expected);
      nativeOperators(native)
        .convolution({ ...weights, weightZeroPoint })
        .run({ ...call, to }, out);
      expect(out).toEqual(expected);
    });
  });

  it('16-bit weights go to the reference', () => {
    const weight = Int16Array.from({ length: 6 }, (_, i) => 300 * (i - 2));
    const out = new Float32Array(4);
    nativeOperators(native)
      .convolution({ weight, weightShape: [2, 1, 1, 3], weightZeroPoint: 0, groups: 1, dilations: [1, 1] })
      .run(
        {
          input: Uint8Array.of(1, 2, 3, 4, 5, 6),
          inputShape: [1, 1, 2, 3],
          inputZeroPoint: 0,
          strides: [1, 1],
          pads: [0, 0, 0, 0],
          to: { multiplier: Float32Array.of(1, 1) },
        },
        out,
      );
    expect(out[0]).toBe(1 * -600 + 2 * -300 + 3 * 0);
    expect(out[3]).toBe(4 * 300 + 5 * 600 + 6 * 900);
  });

  it.each([true, false])('adds and multiplies (signed output %s)', (isSigned) => {
    const output = isSigned ? signedOutput : unsignedOutput;
    const a = { codes: codes(1000, 1, isSigned), scale: Math.fround(0.031), zeroPoint: 5 };
    const b = { codes: codes(1000, 2, isSigned), scale: Math.fround(0.047), zeroPoint: 99 };
    same(native, 1000, isSigned, (own, out) => own.add(a, b, output, out));
    same(native, 1000, isSigned, (own, out) => own.multiply(a, b, output, out));
  });

  it('looks up, joins, pools and takes the softmax', () => {
    const table = lookupTable(Math.tanh, { qmin: 0, qmax: 255, scale: 0.05, zeroPoint: 128 }, signedOutput);
    const x = codes(2 * 8 * 6 * 5, 4, false);
    const tensor = { codes: x, scale: Math.fround(0.04), zeroPoint: 100 };
    same(native, x.length, true, (own, out) => own.lookup(x, table, out));
    const parts = [
      { ...tensor, shape: [16, 30] },
      { codes: codes(16 * 7, 5, false), scale: unsignedOutput.scale, zeroPoint: 120, shape: [16, 7] },
    ];
    same(native, 16 * 37, false, (own, out) => own.concat(parts, 1, unsignedOutput, out));
    const pooling = { inputShape: [2, 8, 6, 5], kernel: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] } as const;
    same(native, 2 * 4 * 6 * 5, false, (own, out) => own.averagePool(tensor, pooling, unsignedOutput, out));
    same(native, 2 * 4 * 6 * 5, false, (own, out) => own.maxPool(x, pooling, out));
    const softmaxOutput = { scale: 1 / 256, zeroPoint: 0, qmin: 0, qmax: 255 };
    same(native, x.length, false, (own, out) => own.softmax(tensor, { rows: 48, columns: 10 }, softmaxOutput, out));
  });

  it.each(Object.keys(networks))('runs %s to the same bits', (name) => {
    const network = networks[name]!;
    const data = values(sizeOf(network.dims), 7);
    const x = { data, shape: network.dims };
    for (const target of ['ort-x64', 'tflite', 'tensorrt-11']) {
      const bytes = packed(network.model, specFor(network, findTarget(target), data));
      const expected = loadPackedModel(bytes).run({ x })['y']!;
      const own = loadPackedModel(bytes, { operators: nativeOperators(native) });
      expect(own.run({ x })['y']).toEqual(expected);
      expect(loadPackedModel(bytes, { operators: integerOperators(native) }).run({ x })['y']).toEqual(expected);
    }
  });
});
