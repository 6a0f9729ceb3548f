import { describe, expect, it } from 'vitest';
import { minMaxObserver } from '../observer/min-max';
import type { ObserverType, RangeStats } from '../observer/observer';
import { fullRange } from '../range-selection/full-range';
import { referenceBackend } from '../reference-backend';
import { describeKernelBackend } from './describe-kernel-backend';
import { describeObserver } from './describe-observer';
import { describeRangeSelector } from './describe-range-selector';
import type { TestApi } from './test-api';

/** Runs a suite at once and collects what happened to each check. */
function outcome(run: (api: TestApi) => void): { failed: string[]; passed: string[]; skipped: string[] } {
  const result = { failed: [] as string[], passed: [] as string[], skipped: [] as string[] };
  const test = (name: string, body: () => void): void => {
    try {
      body();
      result.passed.push(name);
    } catch {
      result.failed.push(name);
    }
  };
  run({
    describe: (_name, body) => body(),
    it: Object.assign(test, { skip: (name: string) => void result.skipped.push(name) }),
  });
  return result;
}

function brokenMinMax(
  changes: (observer: ReturnType<typeof minMaxObserver.create>) => object,
): ObserverType<RangeStats> {
  const wrap = (observer: ReturnType<typeof minMaxObserver.create>) => ({ ...observer, ...changes(observer) });
  return {
    ...minMaxObserver,
    create: (options) => wrap(minMaxObserver.create(options)),
    fromJSON: (state, options) => wrap(minMaxObserver.fromJSON(state, options)),
  };
}

describe('describeObserver', () => {
  it('finds a merge that forgets', () => {
    const broken = brokenMinMax(() => ({ merge: () => undefined }));
    expect(outcome((api) => describeObserver(api, broken)).failed).toContain('merge_any_split');
  });

  it('finds an observer that lets NaN pass', () => {
    const broken = brokenMinMax((observer) => ({
      observe: (x: { data: Float32Array; shape: number[] }) =>
        observer.observe({ ...x, data: x.data.map((v) => (Number.isFinite(v) ? v : 0)) }),
    }));
    expect(outcome((api) => describeObserver(api, broken)).failed).toEqual(['non_finite']);
  });

  it('finds statistics that can be changed', () => {
    const broken = brokenMinMax((observer) => ({ stats: () => ({ ...observer.stats() }) }));
    expect(outcome((api) => describeObserver(api, broken)).failed).toEqual(['stats_do_not_change_the_state']);
  });
});

describe('describeRangeSelector', () => {
  it('finds a range beyond the data and one that ignores channels', () => {
    const wide = {
      ...fullRange,
      selectRange: ({ range }: RangeStats) => ({
        min: range.min.slice(0, 1),
        max: range.max.map((v) => 2 * v + 1).slice(0, 1),
      }),
    };
    const { failed } = outcome((api) => describeRangeSelector(api, wide));
    expect(failed).toEqual(
      expect.arrayContaining(['within_observed', 'scales_with_the_data', 'degenerate', 'per_channel']),
    );
  });
});

describe('describeKernelBackend', () => {
  it('has the named checks', () => {
    const { passed } = outcome((api) => describeKernelBackend(api, referenceBackend));
    const names = ['empty', 'single', 'exact_tile', 'tile_minus_one', 'tile_plus_one', 'unaligned', 'scale_extremes'];
    const more = ['zero_point_extremes', 'saturation_low', 'saturation_high', 'ties_to_even', 'infinities'];
    expect(passed).toEqual(expect.arrayContaining([...names, ...more].map((name) => `quantize ${name}`)));
    expect(passed).toContain('gemm max_depth_no_overflow');
  });

  it('finds a multiplication by the reciprocal, which only differs next to ties', () => {
    const reciprocal = {
      ...referenceBackend,
      quantize: ((x, scheme, { scale, zeroPoint }, out) => {
        const inverse = scale.map((s) => 1 / s);
        const product = { ...x, data: x.data.map((v) => Math.fround(v * (inverse[0] as number))) };
        if (scheme.granularity.kind !== 'perTensor')
          return referenceBackend.quantize(x, scheme, { scale, zeroPoint }, out);
        return referenceBackend.quantize(product, scheme, { scale: Float32Array.of(1), zeroPoint }, out);
      }) as typeof referenceBackend.quantize,
    };
    const { failed } = outcome((api) => describeKernelBackend(api, reciprocal));
    expect(failed).toContain('quantize ties_to_even');
    expect(failed).not.toContain('quantize single');
  });

  it('finds 16-bit saturation in a product', () => {
    const saturating = {
      ...referenceBackend,
      gemm: ((call, out) => {
        referenceBackend.gemm(call, out);
        out.forEach((v, i) => {
          if (call.k === 2) out[i] = Math.min(v, 32_767);
        });
      }) as typeof referenceBackend.gemm,
    };
    expect(outcome((api) => describeKernelBackend(api, saturating, { tile: 4 })).failed).toEqual([
      'gemm extreme_codes',
    ]);
  });

  it('finds an entropy search that keeps one bin too many', () => {
    const bins: typeof referenceBackend.entropyBins = (counts, levels) => Math.min(levels + 1, counts.length);
    const { failed } = outcome((api) => describeKernelBackend(api, { ...referenceBackend, entropyBins: bins }));
    expect(failed).toEqual(expect.arrayContaining(['entropyBins long', 'entropyBins levels']));
    const leaves = { ...referenceBackend, entropyBins: () => 0 };
    expect(outcome((api) => describeKernelBackend(api, leaves)).failed).toEqual([]);
  });

  it('runs once per instruction set', () => {
    const titles: string[] = [];
    const isas = ['scalar', 'avx2'].map((isa) => ({ isa, backend: referenceBackend }));
    describeKernelBackend({ describe: (name) => titles.push(name), it: () => undefined }, referenceBackend, { isas });
    expect(titles).toEqual(['kernel backend reference on scalar', 'kernel backend reference on avx2']);
  });
});

describe('skips', () => {
  it('are shown with their reason', () => {
    const skip = [{ test: 'non_finite', reason: 'its input is integers' }];
    const { skipped, passed } = outcome((api) => describeObserver(api, minMaxObserver, { skip }));
    expect(skipped).toEqual(['non_finite (skipped: its input is integers)']);
    expect(passed).not.toContain('non_finite');
  });

  it('need a reason', () => {
    const skip = [{ test: 'non_finite', reason: ' ' }];
    expect(() => outcome((api) => describeObserver(api, minMaxObserver, { skip }))).toThrow(/needs a reason/);
  });
});
