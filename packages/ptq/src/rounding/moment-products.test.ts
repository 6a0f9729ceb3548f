import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { loadRuntime } from '../session';
import { values } from './__fixtures__/residual-network';
import { createGramProduct, createMomentProducts } from './moment-products';

describe('createMomentProducts', () => {
  it('gives AᵀA and TᵀA on both sides of the switch from loop to runtime', async () => {
    const { moments, release } = await createMomentProducts(await loadRuntime(ort));
    for (const columns of [3, 60]) {
      const rows = 50;
      const a = values(rows * columns, 1);
      const t = values(rows * 2, 2);
      const { gram, cross } = await moments(a, columns, t, 2);
      for (const [i, j] of [
        [0, 0],
        [1, 2],
        [2, 1],
        [columns - 1, 0],
      ] as const) {
        let sum = 0;
        let mixed = 0;
        for (let s = 0; s < rows; s++) {
          sum += a[s * columns + i]! * a[s * columns + j]!;
          mixed += t[s * 2 + 1]! * a[s * columns + j]!;
        }
        expect(gram[i * columns + j]).toBeCloseTo(sum, 4);
        expect(cross[columns + j]).toBeCloseTo(mixed, 4);
      }
    }
    await release();
  });
});

describe('createGramProduct', () => {
  it('multiplies rows with the matrix', async () => {
    const runtime = await loadRuntime(ort);
    for (const columns of [4, 50]) {
      const gram = Float64Array.from(values(columns * columns, 5));
      const { multiply, release } = await createGramProduct(runtime, gram, columns);
      const d = values(2 * columns, 6);
      const product = await multiply(d);
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += d[columns + k]! * gram[k * columns + 1]!;
      expect(product[columns + 1]).toBeCloseTo(sum, 4);
      await release();
    }
  });
});
