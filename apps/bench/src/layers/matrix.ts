/** One matrix product [M, K]·[K, N]. */
export interface MatrixShape {
  readonly name: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Operations: a multiply-add is two. */
export function matrixOperations({ m, k, n }: MatrixShape): number {
  return 2 * m * k * n;
}

const matrix = (m: number, k: number, n: number): MatrixShape => Object.freeze({ name: `${m}×${k}×${n}`, m, k, n });

/** Weight products of a BERT-base block with 128 tokens: projections, then the two of the feed-forward part. */
export const bertBase: readonly MatrixShape[] = [matrix(128, 768, 768), matrix(128, 768, 3072), matrix(128, 3072, 768)];

/** Square products. */
export const square: readonly MatrixShape[] = [matrix(256, 256, 256), matrix(512, 512, 512), matrix(1024, 1024, 1024)];

/** Weight-only products: one token, and sixteen at once. */
export const weightOnly: readonly MatrixShape[] = [matrix(1, 4096, 4096), matrix(16, 4096, 4096)];
