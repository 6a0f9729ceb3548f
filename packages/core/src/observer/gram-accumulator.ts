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

/** Distance of columns in memory; not a power of two, so that columns do not compete for the same cache lines. */
export const columnStride: number = rowsPerCarry + 8;

/** Columns that stay in cache while others pass by: 32·256·8 bytes. */
const columnsPerBlock = 32;

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
 * @param columns `count` columns of `rows` ≤ 256 integers, one after the other with stride columnStride
 */
export function addGram(sums: ProductSums, columns: Float64Array, count: number, rows: number): void {
  const four = new Float64Array(4);
  for (let block = 0; block < count; block += columnsPerBlock) {
    for (let i = block; i < count; i++) {
      const end = Math.min(block + columnsPerBlock, i + 1);
      addDots(sums, (i * (i + 1)) / 2, columns, i, columns, block, end, rows, four);
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
  const four = new Float64Array(4);
  for (let block = 0; block < countB; block += columnsPerBlock) {
    const end = Math.min(block + columnsPerBlock, countB);
    for (let i = 0; i < countA; i++) addDots(sums, i * countB, a, i, b, block, end, rows, four);
  }
}

// — internals —

function addToEntry(sums: ProductSums, i: number, amount: number): void {
  const total = (sums.lower[i] as number) + amount;
  const carry = Math.floor(total * 2 ** -32);
  sums.lower[i] = total - carry * base;
  sums.upper[i] = (sums.upper[i] as number) + carry;
}

/** Adds the products of column i of a with columns from … end − 1 of b to the entries first + from, …, four at a time. */
function addDots(
  sums: ProductSums,
  first: number,
  a: Float64Array,
  i: number,
  b: Float64Array,
  from: number,
  end: number,
  rows: number,
  four: Float64Array,
): void {
  let j = from;
  for (; j + 3 < end; j += 4) {
    fourDots(a, i * columnStride, b, j * columnStride, rows, four);
    for (let k = 0; k < 4; k++) addToEntry(sums, first + j + k, four[k] as number);
  }
  for (; j < end; j++) addToEntry(sums, first + j, dot(a, i * columnStride, b, j * columnStride, rows));
}

/** Products of one column with four neighbours: each element of a is loaded once for four multiplications. */
function fourDots(
  a: Float64Array,
  startA: number,
  b: Float64Array,
  startB: number,
  rows: number,
  out: Float64Array,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let r = 0; r < rows; r++) {
    const v = a[startA + r] as number;
    s0 += v * (b[startB + r] as number);
    s1 += v * (b[startB + columnStride + r] as number);
    s2 += v * (b[startB + 2 * columnStride + r] as number);
    s3 += v * (b[startB + 3 * columnStride + r] as number);
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}

function dot(a: Float64Array, startA: number, b: Float64Array, startB: number, rows: number): number {
  let sum = 0;
  for (let r = 0; r < rows; r++) sum += (a[startA + r] as number) * (b[startB + r] as number);
  return sum;
}
