import { allocateQuantized, codesOf, int8, type QDType, type QuantizedArray, uint8 } from '../../dtype';
import { perAxis, perTensor } from '../../granularity';
import { maxDepth } from '../../integer/accumulator';
import { type IntegerConv2d, integerConv2dShape } from '../../integer/conv2d';
import type { IntegerGemm } from '../../integer/gemm';
import type { Requantization } from '../../integer/requantize';
import type { KernelBackend } from '../../kernel-backend';
import { referenceBackend } from '../../reference-backend';
import { checkSameNumbers, checkThrows } from '../assertions';
import { randomInteger, randomSource } from '../random-tensor';
import { type KernelChecks, sizeChecks, unaligned } from './kernel-checks';

const pairs: readonly (readonly [QDType, QDType])[] = [
  [uint8, int8],
  [int8, int8],
  [uint8, uint8],
];

/** Integer matrix products. */
export function gemmChecks(tile: number): KernelChecks {
  const compare = (backend: KernelBackend, call: IntegerGemm): void => {
    const [actual, expected] = [new Int32Array(call.m * call.n).fill(-1), new Int32Array(call.m * call.n)];
    backend.gemm(call, actual);
    referenceBackend.gemm(call, expected);
    checkSameNumbers(actual, expected, `gemm ${call.m}×${call.k}×${call.n} ${call.bLayout}`);
  };
  const forEveryKind = (body: (a: QDType, b: QDType, bLayout: 'KN' | 'NK') => void): void => {
    for (const [a, b] of pairs) for (const bLayout of ['KN', 'NK'] as const) body(a, b, bLayout);
  };
  const random = (m: number, k: number, n: number, a: QDType, b: QDType, bLayout: 'KN' | 'NK'): IntegerGemm => ({
    m,
    n,
    k,
    a: randomCodes(a, m * k, 1),
    aZeroPoint: a.signed ? -3 : 120,
    b: randomCodes(b, k * n, 2),
    bLayout,
    bZeroPoint: b.signed ? 0 : 128,
  });
  return {
    ...sizeChecks(tile, (backend, length) => {
      forEveryKind((a, b, layout) => {
        compare(backend, random(3, length, 5, a, b, layout));
        compare(backend, random(length, 7, 2, a, b, layout));
        compare(backend, random(2, 7, length, a, b, layout));
      });
    }),
    unaligned: (backend) => {
      forEveryKind((a, b, layout) => {
        const call = random(5, tile + 3, 9, a, b, layout);
        compare(backend, { ...call, a: unaligned(call.a), b: unaligned(call.b) });
      });
    },
    zero_point_extremes: (backend) => {
      forEveryKind((a, b, layout) => {
        for (const aZeroPoint of [a.qmin, a.qmax]) {
          const bZeroPoint = Int32Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? b.qmin : b.qmax));
          compare(backend, { ...random(4, 33, 6, a, b, layout), aZeroPoint, bZeroPoint });
        }
      });
    },
    bias: (backend) => {
      const bias = Int32Array.of(2 ** 30, -(2 ** 30), 0, 7, -7);
      forEveryKind((a, b, layout) => compare(backend, { ...random(4, 33, 5, a, b, layout), bias }));
    },
    extreme_codes: (backend) => {
      // Two products of u8·i8 exceed int16: 255·127·2 = 64770, which vpmaddubsw would saturate.
      forEveryKind((a, b, layout) => {
        for (const k of [2, 4, tile, tile + 1]) {
          for (const av of [a.qmin, a.qmax]) {
            for (const bv of [b.qmin, b.qmax]) {
              const call = random(2, k, 3, a, b, layout);
              compare(backend, {
                ...call,
                a: call.a.map(() => av),
                b: call.b.map(() => bv),
                aZeroPoint: 0,
                bZeroPoint: 0,
              });
            }
          }
        }
      });
    },
    max_depth_no_overflow: (backend) => {
      forEveryKind((a, b, bLayout) => {
        const [x, w] = [allocateQuantized(a, 0), allocateQuantized(b, 0)];
        const k = maxDepth(codesOf(x), codesOf(w));
        for (const [av, bv] of [
          [a.qmin, b.qmin],
          [a.qmax, b.qmax],
          [a.qmax, b.qmin],
        ] as const) {
          const call: IntegerGemm = {
            m: 1,
            n: 1,
            k,
            a: allocateQuantized(a, k).fill(av),
            aZeroPoint: 0,
            b: allocateQuantized(b, k).fill(bv),
            bLayout,
            bZeroPoint: 0,
          };
          compare(backend, call);
        }
        const deeper = { ...random(1, k + 1, 1, a, b, bLayout), aZeroPoint: 0, bZeroPoint: 0 };
        checkThrows(() => backend.gemm(deeper, new Int32Array(1)), 'ERR_ACCUMULATOR_OVERFLOW', `depth ${k + 1}`);
      });
    },
    refuses_wrong_lengths: (backend) => {
      const call = random(2, 3, 4, uint8, int8, 'KN');
      checkThrows(() => backend.gemm(call, new Int32Array(7)), 'ERR_SHAPE_MISMATCH', 'out of 7 for 8');
      checkThrows(() => backend.gemm({ ...call, k: 4 }, new Int32Array(8)), 'ERR_SHAPE_MISMATCH', 'k = 4 for 3');
    },
  };
}

/** Integer convolutions: 1×1, 3×3, depthwise, grouped; strides, dilations, pads; both layouts. */
export function conv2dChecks(tile: number): KernelChecks {
  const geometry = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 } as const;
  type Geometry = Pick<IntegerConv2d, 'strides' | 'dilations' | 'pads' | 'groups'>;
  const run = (
    backend: KernelBackend,
    size: { readonly c: number; readonly h: number; readonly w: number; readonly o: number; readonly kernel: number },
    options: Geometry = geometry,
    changes: Partial<IntegerConv2d> = {},
  ): void => {
    const { c, h, w, o, kernel } = size;
    const perGroup = c / (options.groups ?? 1);
    for (const [x, weights] of pairs) {
      for (const layout of ['NCHW', 'NHWC'] as const) {
        const inputShape = layout === 'NCHW' ? [2, c, h, w] : [2, h, w, c];
        const weightShape = layout === 'NCHW' ? [o, perGroup, kernel, kernel] : [o, kernel, kernel, perGroup];
        const call: IntegerConv2d = {
          layout,
          input: randomCodes(x, 2 * c * h * w, 3),
          inputShape,
          inputZeroPoint: x.signed ? -5 : 131,
          weight: randomCodes(weights, o * perGroup * kernel * kernel, 4),
          weightShape,
          weightZeroPoint: weights.signed ? 0 : 127,
          ...options,
          ...changes,
        };
        const count = integerConv2dShape(call).reduce((product, d) => product * d, 1);
        const [actual, expected] = [new Int32Array(count).fill(-1), new Int32Array(count)];
        backend.conv2d(call, actual);
        referenceBackend.conv2d(call, expected);
        checkSameNumbers(actual, expected, `conv2d ${layout} ${inputShape} ⋆ ${weightShape}`);
      }
    }
  };
  return {
    single: (backend) => run(backend, { c: 1, h: 1, w: 1, o: 1, kernel: 1 }),
    exact_tile: (backend) => run(backend, { c: tile, h: 3, w: 3, o: 16, kernel: 1 }),
    tile_minus_one: (backend) => run(backend, { c: tile - 1, h: 2, w: 3, o: 15, kernel: 1 }),
    tile_plus_one: (backend) => run(backend, { c: tile + 1, h: 3, w: 2, o: 17, kernel: 1 }),
    padding: (backend) => run(backend, { c: 5, h: 6, w: 7, o: 9, kernel: 3 }, { ...geometry, pads: [1, 1, 1, 1] }),
    asymmetric_padding: (backend) =>
      run(backend, { c: 3, h: 6, w: 7, o: 4, kernel: 3 }, { ...geometry, pads: [0, 1, 2, 0] }),
    strides: (backend) =>
      run(backend, { c: 4, h: 9, w: 8, o: 5, kernel: 3 }, { ...geometry, strides: [2, 2], pads: [1, 1, 1, 1] }),
    dilations: (backend) => run(backend, { c: 3, h: 9, w: 9, o: 4, kernel: 3 }, { ...geometry, dilations: [2, 3] }),
    depthwise: (backend) =>
      run(backend, { c: 19, h: 7, w: 6, o: 19, kernel: 3 }, { ...geometry, groups: 19, pads: [1, 1, 1, 1] }),
    groups: (backend) => run(backend, { c: 12, h: 5, w: 5, o: 6, kernel: 3 }, { ...geometry, groups: 3 }),
    bias: (backend) =>
      run(backend, { c: 3, h: 4, w: 4, o: 3, kernel: 3 }, geometry, { bias: Int32Array.of(2 ** 29, -(2 ** 29), 1) }),
    zero_point_extremes: (backend) => {
      const size = { c: 6, h: 5, w: 5, o: 4, kernel: 3 };
      const pads = { ...geometry, pads: [1, 1, 1, 1] } as const;
      for (const inputZeroPoint of [0, 127]) {
        run(backend, size, pads, { inputZeroPoint, weightZeroPoint: Int32Array.of(0, 127, 1, 126) });
      }
    },
  };
}

/** Int32 accumulators → codes. */
export function requantizeChecks(tile: number): KernelChecks {
  const run = (backend: KernelBackend, acc: Int32Array, changes: Partial<Requantization> = {}): void => {
    for (const type of [uint8, int8]) {
      for (const method of ['float', 'fixedPointTwice', 'fixedPointOnce'] as const) {
        const call: Requantization = {
          acc,
          shape: [acc.length],
          granularity: perTensor,
          multiplier: Float32Array.of(0.0037),
          zeroPoint: type.signed ? 3 : 128,
          qmin: type.qmin,
          qmax: type.qmax,
          method,
          ...changes,
        };
        const [actual, expected] = [allocateQuantized(type, acc.length), allocateQuantized(type, acc.length)];
        backend.requantize(call, actual);
        referenceBackend.requantize(call, expected);
        checkSameNumbers(actual, expected, `requantize ${method} to ${type.name}`);
      }
    }
  };
  const accumulators = (length: number, most: number): Int32Array => {
    const random = randomSource(length + 1);
    return Int32Array.from({ length }, () => randomInteger(random, -most, most));
  };
  return {
    ...sizeChecks(tile, (backend, length) => run(backend, accumulators(length, 50_000))),
    unaligned: (backend) => run(backend, unaligned(accumulators(tile + 3, 50_000))),
    saturation_low: (backend) => run(backend, Int32Array.of(-(2 ** 31), -(2 ** 31) + 1, -40_000, -36_000, -35_000)),
    saturation_high: (backend) => run(backend, Int32Array.of(2 ** 31 - 1, 2 ** 31 - 2, 40_000, 36_000, 33_000)),
    ties_to_even: (backend) => {
      const odd = Int32Array.from({ length: 4 * tile + 1 }, (_, i) => i - 2 * tile);
      for (const multiplier of [0.5, 0.25, 0.125]) run(backend, odd, { multiplier: Float32Array.of(multiplier) });
    },
    scale_extremes: (backend) => {
      for (const multiplier of [2 ** -30, 1e-6, 0.999_999_9, 1.5, 100]) {
        run(backend, accumulators(tile + 1, 2 ** 30), { multiplier: Float32Array.of(multiplier) });
      }
    },
    zero_point_extremes: (backend) => {
      for (const zeroPoint of [0, 127]) run(backend, accumulators(tile + 1, 50_000), { zeroPoint });
    },
    per_channel: (backend) => {
      const multiplier = Float32Array.from({ length: 7 }, (_, g) => 0.001 * (g + 1));
      const shape = [2, 7, 5];
      run(backend, accumulators(70, 90_000), { shape, granularity: perAxis(1), multiplier });
      run(backend, accumulators(70, 90_000), { shape: [10, 7], granularity: perAxis(1), multiplier });
    },
    fused_clamp: (backend) => run(backend, accumulators(tile, 50_000), { qmin: 3, qmax: 100 }),
  };
}

// — internals —

function randomCodes(type: QDType, length: number, seed: number): QuantizedArray {
  const random = randomSource(seed);
  return allocateQuantized(type, length).map(() => randomInteger(random, type.qmin, type.qmax));
}
