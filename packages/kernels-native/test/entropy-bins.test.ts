import {
  entropy,
  histogramObserver,
  int8Weight,
  type StatisticsBackend,
  seededRandom,
  uint8Activation,
} from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { entropyBins } from '../src/index';
import { nativeBackends } from './native-contexts';

const { backends, skipped } = nativeBackends(1);
const native = backends.at(-1);

/** N·KL of keeping the first i bins, term by term from the definition. */
function divergence(counts: Float64Array, levels: number, i: number): number {
  const bins = counts.slice();
  bins[0] = bins[1] as number;
  const all = bins.reduce((sum, count) => sum + count, 0);
  const p = bins.slice(0, i);
  const inside = p.reduce((sum, count) => sum + count, 0);
  p[i - 1] = (p[i - 1] as number) + all - inside;
  const q = new Float64Array(i);
  for (let g = 0; g < levels; g++) {
    const group = [...Array(i).keys()].filter((j) => Math.floor((j * levels) / i) === g);
    const occupied = group.filter((j) => (bins[j] as number) > 0);
    const sum = occupied.reduce((total, j) => total + (bins[j] as number), 0);
    for (const j of occupied) q[j] = sum / occupied.length;
  }
  let kl = 0;
  for (let j = 0; j < i; j++) {
    const [pj, qj] = [(p[j] as number) / all, (q[j] as number) / inside];
    if (pj > 0) kl += qj > 0 ? pj * Math.log(pj / qj) : Number.POSITIVE_INFINITY;
  }
  return kl;
}

describe.skipIf(native === undefined)(`entropyBins${skipped}`, () => {
  const context = native as NonNullable<typeof native>;

  it.each([1, 2, 3, 4, 5, 6])('keeps what the definition keeps, seed %i', (seed) => {
    const random = seededRandom(seed);
    const bins = 40 + Math.floor(random.next() * 60);
    const levels = 8 + seed;
    const counts = Float64Array.from({ length: bins }, (_, j) =>
      Math.floor(2000 * Math.exp(-j / 12) * random.next() + (random.next() < 0.1 ? 3 : 0)),
    );
    counts[bins - 1] = 1;
    const candidates = [...Array(bins - levels + 1).keys()].map((k) => levels + k);
    const best = candidates.reduce((a, b) => (divergence(counts, levels, b) <= divergence(counts, levels, a) ? b : a));
    expect(entropyBins(context, counts, levels)).toBe(best);
  });

  it('keeps everything where there is nothing to clip', () => {
    expect(entropyBins(context, new Float64Array(500), 128)).toBe(500);
    expect(entropyBins(context, Float64Array.of(1, 2, 3), 128)).toBe(3);
  });

  it('leaves equal candidates to the caller', () => {
    // Four occupied bins in four groups: whatever more is kept, nothing is lost.
    const equal = Float64Array.from({ length: 12 }, (_, j) => (j < 4 ? 5 : 0));
    expect(entropyBins(context, equal, 4)).toBe(0);
  });

  it.each([
    ['normal', int8Weight],
    ['relu', uint8Activation],
    ['heavy', int8Weight],
  ] as const)('decides by itself, and as core’s selector does: %s', (kind, scheme) => {
    for (const count of [1000, 30_000, 200_000]) {
      const random = seededRandom(count);
      const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
      const value = { normal, relu: () => Math.max(0, normal()), heavy: () => normal() ** 5 }[kind];
      const observer = histogramObserver.create();
      observer.observe({ data: Float32Array.from({ length: count }, value), shape: [count] });
      const answers: number[] = [];
      const backend: StatisticsBackend = {
        ...context,
        entropyBins(counts, levels) {
          answers.push(context.entropyBins(counts, levels));
          return answers.at(-1) as number;
        },
      };
      const stats = observer.stats();
      expect(entropy().selectRange(stats, scheme, backend)).toEqual(entropy().selectRange(stats, scheme));
      expect(answers).toHaveLength(1);
      expect(answers[0]).toBeGreaterThan(0);
    }
  });

  it('refuses what is no histogram', () => {
    expect(() => entropyBins(context, new Float64Array(1), 128)).toThrow(/number of bins/);
    expect(() => entropyBins(context, new Float64Array(10), 1)).toThrow(/levels/);
    expect(() => entropyBins(context, new Float32Array(10) as never, 8)).toThrow(/Float64Array/);
  });
});
