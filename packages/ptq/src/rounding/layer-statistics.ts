import type { MomentProducts } from './moment-products';
import type { QuadraticProblem } from './quadratic-problem';

/** Streamed moments of one matrix of weights: inputs with a trailing 1, and targets. */
export interface LayerStatistics {
  /** @param inputs [S,K+1] with ones in the last column @param targets [S,R] */
  add(inputs: Float32Array, targets: Float32Array): Promise<void>;
  readonly count: number;
  /** The problem with means subtracted (a bias is free to take them up), and those means. */
  centred(): CentredProblem;
  /** The problem with a fixed bias [R] taken off the targets. */
  plain(bias: ArrayLike<number> | undefined): QuadraticProblem;
}

export interface CentredProblem extends QuadraticProblem {
  readonly meanInput: Float64Array;
  readonly meanTarget: Float64Array;
}

/** Sums in float64 over batches in the order they come; memory does not grow with the number of samples. */
export function layerStatistics(rows: number, columns: number, moments: MomentProducts): LayerStatistics {
  const width = columns + 1;
  const gram = new Float64Array(width * width);
  const cross = new Float64Array(rows * width);
  const energy = new Float64Array(rows);
  let count = 0;

  /** Moments of x̃ − a·E[x̃] and t − b: centred with a = 1 and b = E[t], plain with a = 0 and b the bias. */
  const build = (offset: (r: number, mean: number) => number, isCentred: boolean): CentredProblem => {
    const n = Math.max(count, 1);
    const meanInput = Float64Array.from({ length: columns }, (_, i) => (gram[columns * width + i] as number) / n);
    const meanTarget = Float64Array.from({ length: rows }, (_, r) => (cross[r * width + columns] as number) / n);
    const subtract = isCentred ? 1 : 0;
    const g = new Float64Array(columns * columns);
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) {
        // The runtime's product is symmetric only up to rounding.
        const both = (gram[i * width + j] as number) + (gram[j * width + i] as number);
        g[i * columns + j] = both / (2 * n) - subtract * (meanInput[i] as number) * (meanInput[j] as number);
      }
    }
    const c = new Float64Array(rows * columns);
    const e = new Float64Array(rows);
    for (let r = 0; r < rows; r++) {
      const mean = meanTarget[r] as number;
      const b = offset(r, mean);
      for (let i = 0; i < columns; i++) {
        c[r * columns + i] = (cross[r * width + i] as number) / n - b * (meanInput[i] as number);
      }
      e[r] = Math.max(0, (energy[r] as number) / n - 2 * b * mean + b * b);
    }
    return { rows, columns, gram: g, cross: c, energy: e, meanInput, meanTarget };
  };

  return {
    get count() {
      return count;
    },
    async add(inputs, targets) {
      const products = await moments(inputs, width, targets, rows);
      addAll(gram, products.gram);
      addAll(cross, products.cross);
      for (let i = 0, r = 0; i < targets.length; i++) {
        energy[r] = (energy[r] as number) + (targets[i] as number) ** 2;
        r = r + 1 === rows ? 0 : r + 1;
      }
      count += inputs.length / width;
    },
    centred: () => build((_, mean) => mean, true),
    plain: (bias) => build((r) => bias?.[r] ?? 0, false),
  };
}

function addAll(to: Float64Array, from: ArrayLike<number>): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + (from[i] as number);
}
