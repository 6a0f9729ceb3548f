import { InvalidArgumentError } from '@bitwright/core';

/** Rows that are factored before the rest of the matrix is brought up to date with them: a panel that fits a core's cache. */
const panelRows = 64;

/**
 * Upper triangular U with A = UᵀU, row-major; entries below the diagonal are 0.
 *
 * Formula:  U_kk = √(A_kk − Σ_{i<k} U_ik²);  U_kj = (A_kj − Σ_{i<k} U_ik·U_ij) / U_kk
 * Cost:     K³/6 multiplications, in panels of rows so that the inner loops run over memory that is in cache.
 *
 * @param matrix A [K,K], symmetric positive definite, row-major; only the upper triangle is read.
 * @throws {InvalidArgumentError} when A is not positive definite (more damping is needed)
 */
export function choleskyUpper(matrix: Float64Array, size: number): Float64Array {
  const u = new Float64Array(matrix);
  for (let i = 1; i < size; i++) u.fill(0, i * size, i * size + i);
  for (let panel = 0; panel < size; panel += panelRows) {
    const end = Math.min(panel + panelRows, size);
    for (let k = panel; k < end; k++) {
      const row = k * size;
      const pivot = u[row + k] as number;
      if (!(pivot > 0) || !Number.isFinite(pivot)) {
        throw new InvalidArgumentError({
          operation: '[ptq] choleskyUpper',
          expected: 'a positive definite matrix',
          received: `pivot ${pivot} at row ${k} of ${size}`,
          hint: 'Raise the damping, or calibrate with more samples.',
        });
      }
      const root = Math.sqrt(pivot);
      u[row + k] = root;
      for (let j = k + 1; j < size; j++) u[row + j] = (u[row + j] as number) / root;
      for (let i = k + 1; i < end; i++) subtractRow(u, size, i, k);
    }
    for (let i = end; i < size; i++) subtractPanel(u, size, i, panel, end);
  }
  return u;
}

/**
 * Solves X·A = B for X, row by row, with the factor of A = UᵀU.
 *
 * Shapes:  u [K,K] upper triangular; rows [R,K] holds B and receives X.
 */
export function solveRows(u: Float64Array, size: number, rows: Float64Array): void {
  const count = rows.length / size;
  for (let r = 0; r < count; r++) {
    const base = r * size;
    // Forward: Uᵀy = b, by columns of Uᵀ, which are rows of U.
    for (let i = 0; i < size; i++) {
      const row = i * size;
      const y = (rows[base + i] as number) / (u[row + i] as number);
      rows[base + i] = y;
      if (y === 0) continue;
      for (let j = i + 1; j < size; j++) rows[base + j] = (rows[base + j] as number) - (u[row + j] as number) * y;
    }
    for (let i = size - 1; i >= 0; i--) {
      const row = i * size;
      const rest = (rows[base + i] as number) - dot(u, row + i + 1, rows, base + i + 1, size - i - 1);
      rows[base + i] = rest / (u[row + i] as number);
    }
  }
}

/** Σ a[i]·b[j] over `length` consecutive entries, in four partial sums. */
export function dot(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let n = 0;
  for (; n + 3 < length; n += 4) {
    s0 += (a[i + n] as number) * (b[j + n] as number);
    s1 += (a[i + n + 1] as number) * (b[j + n + 1] as number);
    s2 += (a[i + n + 2] as number) * (b[j + n + 2] as number);
    s3 += (a[i + n + 3] as number) * (b[j + n + 3] as number);
  }
  for (; n < length; n++) s0 += (a[i + n] as number) * (b[j + n] as number);
  return s0 + s1 + (s2 + s3);
}

// — internals —

/** Row i −= U_ki · row k, from column i on. */
function subtractRow(u: Float64Array, size: number, i: number, k: number): void {
  const factor = u[k * size + i] as number;
  if (factor === 0) return;
  const to = i * size;
  const from = k * size;
  for (let j = i; j < size; j++) u[to + j] = (u[to + j] as number) - factor * (u[from + j] as number);
}

/** Row i −= Σ_{panel ≤ k < end} U_ki · row k, four rows at a time so that row i is read and written once for four. */
function subtractPanel(u: Float64Array, size: number, i: number, panel: number, end: number): void {
  const to = i * size;
  let k = panel;
  for (; k + 3 < end; k += 4) {
    const r0 = k * size;
    const r1 = r0 + size;
    const r2 = r1 + size;
    const r3 = r2 + size;
    const f0 = u[r0 + i] as number;
    const f1 = u[r1 + i] as number;
    const f2 = u[r2 + i] as number;
    const f3 = u[r3 + i] as number;
    for (let j = i; j < size; j++) {
      u[to + j] =
        (u[to + j] as number) -
        (f0 * (u[r0 + j] as number) +
          f1 * (u[r1 + j] as number) +
          (f2 * (u[r2 + j] as number) + f3 * (u[r3 + j] as number)));
    }
  }
  for (; k < end; k++) subtractRow(u, size, i, k);
}
