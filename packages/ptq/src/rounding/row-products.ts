/**
 * Product of rows with a symmetric matrix: out = rows · gram, four rows at a time, so that each row of gram is read once for four.
 *
 * @param rows [R,K] @param gram [K,K], symmetric
 */
export function multiplyRows(rows: Float64Array, gram: Float64Array, columns: number): Float64Array {
  const out = new Float64Array(rows.length);
  const count = rows.length / columns;
  let r = 0;
  for (; r + 3 < count; r += 4) {
    const r0 = r * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    for (let i = 0; i < columns; i++) {
      const row = i * columns;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let j = 0; j < columns; j++) {
        const g = gram[row + j] as number;
        s0 += g * (rows[r0 + j] as number);
        s1 += g * (rows[r1 + j] as number);
        s2 += g * (rows[r2 + j] as number);
        s3 += g * (rows[r3 + j] as number);
      }
      out[r0 + i] = s0;
      out[r1 + i] = s1;
      out[r2 + i] = s2;
      out[r3 + i] = s3;
    }
  }
  for (; r < count; r++) {
    for (let i = 0; i < columns; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (gram[i * columns + j] as number) * (rows[r * columns + j] as number);
      out[r * columns + i] = sum;
    }
  }
  return out;
}
