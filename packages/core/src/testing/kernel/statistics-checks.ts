import { int4 } from '../../dtype';
import { type Granularity, paramCount, perAxis, perGroup, perTensor } from '../../granularity';
import type { HistogramBins, KernelBackend } from '../../kernel-backend';
import { histogramObserver } from '../../observer/histogram';
import { int8Weight, uint8Activation } from '../../presets';
import { entropy } from '../../range-selection/entropy';
import { referenceBackend } from '../../reference-backend';
import { type LinearScheme, linearScheme } from '../../scheme';
import { type TensorView, view } from '../../tensor-view';
import { check, checkSameNumbers } from '../assertions';
import { distributions, randomData, randomNormal } from '../random-tensor';
import { type KernelChecks, sizeChecks, unaligned } from './kernel-checks';

const normal = (length: number): Float32Array => randomData(randomNormal, length + 1, length);

/** Extremes and the count of not-finite values. */
export function minMaxChecks(tile: number): KernelChecks {
  const compare = (backend: KernelBackend, x: TensorView, granularity: Granularity = perTensor): void => {
    const count = paramCount(x.shape, granularity);
    const [actual, expected] = [extremes(count), extremes(count)];
    const bad = backend.minMax(x, granularity, actual);
    const expectedBad = referenceBackend.minMax(x, granularity, expected);
    check(bad === expectedBad, `minMax: ${bad} not-finite values instead of ${expectedBad}`);
    checkSameNumbers(actual.min, expected.min, 'minMax: min');
    checkSameNumbers(actual.max, expected.max, 'minMax: max');
  };
  return {
    ...sizeChecks(tile, (backend, length) => compare(backend, view(normal(length)))),
    unaligned: (backend) => compare(backend, view(unaligned(normal(2 * tile + 3)))),
    one_signed: (backend) => {
      compare(backend, view(normal(2 * tile + 1).map((v) => 1 + Math.abs(v))));
      compare(backend, view(normal(2 * tile + 1).map((v) => -1 - Math.abs(v))));
    },
    subnormal: (backend) => {
      const subnormal = distributions['subnormal'] ?? randomNormal;
      compare(backend, view(randomData(subnormal, 1, 2 * tile + 1)));
    },
    infinities: (backend) => {
      const x = normal(2 * tile + 3);
      for (const [i, bad] of [
        [0, Number.NaN],
        [tile, Number.POSITIVE_INFINITY],
        [2 * tile + 2, Number.NEGATIVE_INFINITY],
      ] as const) {
        x[i] = bad;
      }
      compare(backend, view(x));
      compare(backend, view(new Float32Array(5).fill(Number.NaN)));
    },
    granularities: (backend) => {
      for (const shape of [
        [3, 5, tile + 1],
        [2, tile, 3],
        [7, 1, 1],
      ]) {
        const x = view(normal(shape.reduce((a, b) => a * b)), shape);
        for (const granularity of [perAxis(0), perAxis(1), perAxis(2), perGroup(2, 8)])
          compare(backend, x, granularity);
      }
    },
  };
}

/** Counts on power-of-two bins. */
export function histogramChecks(tile: number): KernelChecks {
  const compare = (backend: KernelBackend, data: Float32Array, bins: HistogramBins, count: number): void => {
    // Counts are added to what is there.
    const [actual, expected] = [new Float64Array(count).fill(2), new Float64Array(count).fill(2)];
    const missed = backend.histogram(data, bins, actual);
    const expectedMissed = referenceBackend.histogram(data, bins, expected);
    check(missed === expectedMissed, `histogram: ${missed} values missed instead of ${expectedMissed}`);
    checkSameNumbers(actual, expected, 'histogram counts');
  };
  const wide: HistogramBins = { exponent: -5, firstBin: -256 };
  return {
    ...sizeChecks(tile, (backend, length) => compare(backend, normal(length), wide, 512)),
    unaligned: (backend) => compare(backend, unaligned(normal(2 * tile + 3)), wide, 512),
    long: (backend) => compare(backend, normal(20_000), wide, 512),
    bin_edges: (backend) => {
      const edges = Float32Array.from({ length: 65 }, (_, i) => (i - 32) / 32);
      compare(backend, edges, wide, 512);
      const tiny = Float32Array.of(-(2 ** -149), 2 ** -149, -0, 0, -(2 ** -126), 2 ** -126);
      compare(backend, tiny, wide, 512);
    },
    outside: (backend) => compare(backend, normal(2 * tile + 3), { exponent: -3, firstBin: -2 }, 5),
    infinities: (backend) => {
      const data = normal(tile + 3);
      data.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 1);
      compare(backend, data, wide, 512);
    },
    scale_extremes: (backend) => {
      for (const [power, exponent] of [
        [-140, -149],
        [-130, -140],
        [100, 96],
        [124, 120],
      ] as const) {
        compare(
          backend,
          normal(2 * tile + 1).map((v) => v * 2 ** power),
          { exponent, firstBin: -256 },
          512,
        );
      }
    },
    far_from_zero: (backend) => {
      const data = normal(2 * tile + 1).map((v) => 4096 + v / 8);
      compare(backend, data, { exponent: -8, firstBin: (4096 - 1) * 256 }, 512);
    },
  };
}

/** The entropy selector's ranges with the backend's search: those of its own search. */
export function entropyBinsChecks(): KernelChecks {
  const int4Weight = linearScheme({ dtype: int4, mapping: 'symmetric' });
  const compare = (backend: KernelBackend, data: Float32Array, scheme: LinearScheme, levels?: number): void => {
    const observer = histogramObserver.create();
    observer.observe(view(data));
    const selector = entropy(levels === undefined ? {} : { levels });
    const actual = selector.selectRange(observer.stats(), scheme, backend);
    const expected = selector.selectRange(observer.stats(), scheme);
    checkSameNumbers(actual.min, expected.min, 'entropyBins: min');
    checkSameNumbers(actual.max, expected.max, 'entropyBins: max');
  };
  const onEach = (backend: KernelBackend, length: number): void => {
    for (const distribution of Object.values(distributions)) {
      const data = randomData(distribution, length, length);
      for (const scheme of [int8Weight, uint8Activation, int4Weight]) compare(backend, data, scheme);
    }
  };
  return {
    single: (backend) => onEach(backend, 1),
    few: (backend) => onEach(backend, 40),
    long: (backend) => onEach(backend, 20_000),
    levels: (backend) => {
      for (const levels of [2, 3, 100, 1000, 2 ** 16]) compare(backend, normal(5000), int8Weight, levels);
    },
    equal_candidates: (backend) => {
      // As many occupied bins as groups: whatever more is kept, nothing is lost.
      const data = Float32Array.from({ length: 64 }, (_, i) => (i === 63 ? 1 : (i % 8) / 1024));
      for (const levels of [4, 8, 9, 16]) compare(backend, data, int8Weight, levels);
    },
  };
}

function extremes(count: number): { readonly min: Float32Array; readonly max: Float32Array } {
  return { min: new Float32Array(count), max: new Float32Array(count) };
}
