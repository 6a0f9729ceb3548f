import type { QuadraticProblem } from './quadratic-problem';
import type { WeightGrid } from './weight-grid';

export interface AdaRoundOptions {
  readonly iterations: number;
  /** Step of Adam in V. */
  readonly learningRate: number;
  /** Weight λ of the term that drives h to 0 or 1, in units of the error of one step of one weight. */
  readonly regularization: number;
  /** Share of the iterations before the regularizer sets in. */
  readonly warmUp: number;
}

/** Product D·gram for D [R,K] with the gram matrix of one problem. */
export type GramProduct = (d: Float32Array) => Promise<Float32Array>;

/** Stretch of the rectified sigmoid: h = clip(1.2·σ(V) − 0.1, 0, 1). */
const zeta = 1.1;
const gamma = -0.1;
/** Beyond ±ln 11 the sigmoid is clipped, so V never needs to leave this interval. */
const widest = Math.log(11) + 1e-3;
const firstBeta = 20;
const lastBeta = 2;

/**
 * AdaRound: learns for every weight whether it is rounded down or up.
 *
 *   ŵ(V) = s·clip( ⌊w°/s⌋ + h(V), low, high ),   h(V) = clip( σ(V)·(ζ−γ) + γ, 0, 1 ),   ζ = 1.1, γ = −0.1
 *   loss  = Σ_r (ŵ−w°)·gram·(ŵ−w°)ᵀ / (s_r²·ḡ)  +  λ·Σ ( 1 − |2h − 1|^β ),   ḡ = mean(diag gram)
 *   ∂loss/∂h = 2·((ŵ−w°)·gram) / (s_r·ḡ)·1[low ≤ ⌊w°/s⌋+h ≤ high]  −  2λβ·|2h−1|^(β−1)·sign(2h−1)
 *
 * with Adam on V, λ = 0 during the warm-up and β falling linearly from 20 to 2. Finally h ≥ 1/2 rounds up. The loss is exact
 * (second moments of all samples), so there is no sampling noise and a few hundred iterations do what the paper's 10 000 do.
 * What the formulation leaves out is the activation behind the layer: errors that a ReLU would cut off count too.
 *
 * @param optimum real-valued optimum W° [R,K]
 * @returns integer levels [R,K]
 * @see Nagel et al. 2020, arXiv:2004.10568
 */
export async function adaRound(
  problem: QuadraticProblem,
  optimum: Float64Array,
  grid: WeightGrid,
  multiply: GramProduct,
  options: AdaRoundOptions,
): Promise<Float64Array> {
  const { rows, columns, gram } = problem;
  const count = rows * columns;
  const { low, high } = grid;
  const floor = new Float32Array(count);
  const wanted = new Float32Array(count);
  const v = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const exact = (optimum[i] as number) / (grid.scale[Math.floor(i / columns)] as number);
    const clipped = Math.min(Math.max(exact, low), high);
    const below = Math.min(Math.floor(clipped), high - 1);
    wanted[i] = exact;
    floor[i] = below;
    v[i] = inverseStretchedSigmoid(clipped - below);
  }
  const unit = meanDiagonal(gram, columns);
  const sigmoid = sigmoidTable();
  const first = new Float32Array(count);
  const second = new Float32Array(count);
  const difference = new Float32Array(count);
  const warm = Math.ceil(options.warmUp * options.iterations);
  for (let step = 1; step <= options.iterations; step++) {
    for (let i = 0; i < count; i++) {
      difference[i] = (floor[i] as number) + sigmoid.value(v[i] as number) - (wanted[i] as number);
    }
    // All in units of a step: u = (ŵ−w°)/s, so that ∂/∂h = 2·(u·gram)/ḡ for every row.
    const product = await multiply(difference);
    const isRegularized = step > warm;
    const progress = isRegularized ? (step - warm) / (options.iterations - warm) : 0;
    const pull = pullTable(firstBeta + (lastBeta - firstBeta) * progress, isRegularized ? options.regularization : 0);
    const correction1 = 1 - 0.9 ** step;
    const correction2 = 1 - 0.999 ** step;
    const rate = options.learningRate / correction1;
    for (let i = 0; i < count; i++) {
      const x = v[i] as number;
      const slope = sigmoid.slope(x);
      const g = slope === 0 ? 0 : slope * ((2 * (product[i] as number)) / unit + pull(sigmoid.value(x)));
      const m = 0.9 * (first[i] as number) + 0.1 * g;
      const n = 0.999 * (second[i] as number) + 0.001 * g * g;
      first[i] = m;
      second[i] = n;
      const next = x - (rate * m) / (Math.sqrt(n / correction2) + 1e-8);
      v[i] = next > widest ? widest : next < -widest ? -widest : next;
    }
  }
  const levels = new Float64Array(count);
  for (let i = 0; i < count; i++) levels[i] = (floor[i] as number) + ((v[i] as number) >= 0 ? 1 : 0);
  return levels;
}

// — internals —

/** V = −ln( (ζ−γ)/(ρ−γ) − 1 ), so that h(V) = ρ. */
function inverseStretchedSigmoid(rho: number): number {
  return -Math.log((zeta - gamma) / (rho - gamma) - 1);
}

function meanDiagonal(matrix: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += matrix[i * size + i] as number;
  return sum > 0 ? sum / size : 1;
}

const tableSize = 8192;

interface SigmoidTable {
  /** h(V). */
  value(v: number): number;
  /** ∂h/∂V, 0 where h is clipped. */
  slope(v: number): number;
}

/** h and its slope, tabulated over [−widest, widest] (linear interpolation, error below 1e-7): exp per weight would dominate. */
function sigmoidTable(): SigmoidTable {
  const step = (2 * widest) / tableSize;
  const values = new Float64Array(tableSize + 2);
  const slopes = new Float64Array(tableSize + 2);
  for (let i = 0; i < values.length; i++) {
    const s = 1 / (1 + Math.exp(-(i * step - widest)));
    const h = s * (zeta - gamma) + gamma;
    values[i] = Math.min(Math.max(h, 0), 1);
    slopes[i] = h > 0 && h < 1 ? (zeta - gamma) * s * (1 - s) : 0;
  }
  const read = (table: Float64Array, v: number): number => {
    const at = (v + widest) / step;
    const i = at | 0;
    const a = table[i] as number;
    return a + ((table[i + 1] as number) - a) * (at - i);
  };
  return { value: (v) => read(values, v), slope: (v) => read(slopes, v) };
}

/** −2λβ·|2h−1|^(β−1)·sign(2h−1) over h in [0,1], tabulated for one β. */
function pullTable(beta: number, lambda: number): (h: number) => number {
  if (lambda === 0) return () => 0;
  const size = 1024;
  const table = new Float64Array(size + 2);
  for (let i = 0; i < table.length; i++) {
    const x = (2 * i) / size - 1;
    table[i] = -2 * lambda * beta * Math.abs(x) ** (beta - 1) * Math.sign(x);
  }
  return (h) => {
    const at = h * size;
    const i = at | 0;
    const a = table[i] as number;
    return a + ((table[i + 1] as number) - a) * (at - i);
  };
}
