import { describe, expect, it } from 'vitest';
import { randomProblem } from './__fixtures__/random-problem';
import { choleskyUpper, solveRows } from './cholesky';

describe('choleskyUpper', () => {
  it('gives an upper triangle whose product is the matrix, across panel borders', () => {
    for (const size of [1, 5, 64, 67, 90]) {
      const { gram } = randomProblem(1, size, size).problem;
      const u = choleskyUpper(gram, size);
      let worst = 0;
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          let sum = 0;
          for (let k = 0; k < size; k++) sum += u[k * size + i]! * u[k * size + j]!;
          worst = Math.max(worst, Math.abs(sum - gram[i * size + j]!));
          if (j < i) worst = Math.max(worst, Math.abs(u[i * size + j]!));
        }
      }
      expect(worst).toBeLessThan(1e-12 * gram[0]! * size);
    }
  });

  it('refuses a matrix that is not positive definite and says where', () => {
    expect(() => choleskyUpper(Float64Array.of(1, 2, 2, 1), 2)).toThrow(
      /positive definite matrix, received pivot -3 at row 1/,
    );
  });
});

describe('solveRows', () => {
  it('solves X·A = B', () => {
    const { gram, columns } = randomProblem(1, 20, 3).problem;
    const x = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const b = new Float64Array(40);
    for (let r = 0; r < 2; r++) {
      for (let j = 0; j < 20; j++) {
        for (let k = 0; k < 20; k++) b[r * 20 + j]! += x[r * 20 + k]! * gram[k * 20 + j]!;
      }
    }
    solveRows(choleskyUpper(gram, columns), columns, b);
    for (const [i, v] of b.entries()) expect(v).toBeCloseTo(x[i]!, 9);
  });
});
