/**
 * Exact sums of outer products on a fixed-point grid.
 *
 * Entries are integers |v| ≤ 2^22, so a product is below 2^44 and 256 of them sum exactly in float64 (< 2^52). Each sum is
 * kept as upper·2^32 + lower with 0 ≤ lower < 2^32: one value has one representation, and 2^29 rows fit.
 */
export interface ProductSums {
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

/** Rows that may be summed before a carry. */
export const rowsPerCarry = 256;

const base = 2 ** 32;

export function emptyProductSums(length: number): ProductSums {
  return { upper: new Float64Array(length), lower: new Float64Array(length) };
}

/** Adds `from` entry by entry. */
export function mergeProductSums(to: ProductSums, from: ProductSums): void {
  for (let i = 0; i < to.lower.length; i++) {
    to.upper[i] = (to.upper[i] as number) + (from.upper[i] as number);
    addToEntry(to, i, from.lower[i] as number);
  }
}

/** Entry i in units of the grid, rounded once to float64. */
export function productSum(sums: ProductSums, i: number): number {
  return (sums.upper[i] as number) * base + (sums.lower[i] as number);
}

/**
 * Adds Σ_r a[i][r]·a[j][r] for all j ≤ i to the packed lower triangle, entry i(i+1)/2 + j.
 *
 * @param columns `count` columns of `rows` ≤ 256 integers, one after the other with stride rowsPerCarry
 */
export function addGram(sums: ProductSums, columns: Float64Array, count: number, rows: number): void {
  for (let i = 0, entry = 0; i < count; i++) {
    for (let j = 0; j <= i; j++, entry++) {
      addToEntry(sums, entry, dot(columns, i * rowsPerCarry, columns, j * rowsPerCarry, rows));
    }
  }
}

/** Adds Σ_r a[i][r]·b[j][r] for all i, j to entry i·(columns of b) + j. */
export function addCross(
  sums: ProductSums,
  a: Float64Array,
  countA: number,
  b: Float64Array,
  countB: number,
  rows: number,
): void {
  for (let i = 0, entry = 0; i < countA; i++) {
    for (let j = 0; j < countB; j++, entry++) {
      addToEntry(sums, entry, dot(a, i * rowsPerCarry, b, j * rowsPerCarry, rows));
    }
  }
}

// — internals —

function addToEntry(sums: ProductSums, i: number, amount: number): void {
  const total = (sums.lower[i] as number) + amount;
  const carry = Math.floor(total / base);
  sums.lower[i] = total - carry * base;
  sums.upper[i] = (sums.upper[i] as number) + carry;
}

/** Four partial sums; every partial sum is an exact integer, so their order does not matter. */
function dot(a: Float64Array, startA: number, b: Float64Array, startB: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let r = 0;
  for (; r + 3 < length; r += 4) {
    s0 += (a[startA + r] as number) * (b[startB + r] as number);
    s1 += (a[startA + r + 1] as number) * (b[startB + r + 1] as number);
    s2 += (a[startA + r + 2] as number) * (b[startB + r + 2] as number);
    s3 += (a[startA + r + 3] as number) * (b[startB + r + 3] as number);
  }
  for (; r < length; r++) s0 += (a[startA + r] as number) * (b[startB + r] as number);
  return s0 + s1 + (s2 + s3);
}
