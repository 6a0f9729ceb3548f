import type { FeedTensor } from '../feeds';

/** How far the outputs of a changed model are from the float model's, over the samples of a probe. */
export interface OutputDistance {
  /** Σ(y − ŷ)² / Σy², the mean over the outputs: 10^(−SQNR/10). */
  readonly noiseToSignal: number;
  /**
   * Kullback–Leibler divergence Σ p·log(p/p̂) in nats of the softmax over the last axis, mean over rows, summed over outputs with more
   * than one value on that axis; for other outputs there is none.
   */
  readonly divergence: number | undefined;
}

/** Sums of one output. */
interface OutputSums {
  noise: number;
  signal: number;
  divergence: number;
  rows: number;
}

/** Accumulates distances batch by batch. */
export interface DistanceSums {
  add(name: string, expected: FeedTensor, actual: FeedTensor): void;
  finish(): OutputDistance;
}

export function distanceSums(): DistanceSums {
  const outputs = new Map<string, OutputSums>();
  return {
    add(name, expected, actual) {
      const sums = outputs.get(name) ?? { noise: 0, signal: 0, divergence: 0, rows: 0 };
      outputs.set(name, sums);
      const y = expected.data as Float32Array;
      const z = actual.data as Float32Array;
      for (let i = 0; i < y.length; i++) {
        const difference = (y[i] as number) - (z[i] as number);
        sums.noise += difference * difference;
        sums.signal += (y[i] as number) ** 2;
      }
      const classes = expected.dims.at(-1) ?? 1;
      if (classes < 2 || expected.dims.length < 2) return;
      for (let start = 0; start < y.length; start += classes) {
        sums.divergence += rowDivergence(y, z, start, classes);
        sums.rows += 1;
      }
    },
    finish() {
      const all = [...outputs.values()];
      const ratios = all.map(({ noise, signal }) => (noise === 0 ? 0 : signal === 0 ? 1 : noise / signal));
      const scored = all.filter(({ rows }) => rows > 0);
      return {
        noiseToSignal: ratios.reduce((sum, ratio) => sum + ratio, 0) / Math.max(1, ratios.length),
        divergence:
          scored.length === 0 ? undefined : scored.reduce((sum, { divergence, rows }) => sum + divergence / rows, 0),
      };
    },
  };
}

// — internals —

/** Σ p·(log p − log p̂) with log p = y − logsumexp(y). */
function rowDivergence(y: Float32Array, z: Float32Array, start: number, classes: number): number {
  const a = logSumExp(y, start, classes);
  const b = logSumExp(z, start, classes);
  let sum = 0;
  for (let i = start; i < start + classes; i++) {
    const logP = (y[i] as number) - a;
    sum += Math.exp(logP) * (logP - ((z[i] as number) - b));
  }
  return Math.max(0, sum);
}

function logSumExp(values: Float32Array, start: number, count: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + count; i++) most = Math.max(most, values[i] as number);
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += Math.exp((values[i] as number) - most);
  return most + Math.log(sum);
}
