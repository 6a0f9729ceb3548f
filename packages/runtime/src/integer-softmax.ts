import { type CodeOutput, type CodeTensor, codesOf, type QuantizedArray, roundHalfEven } from '@bitwright/core';

/**
 * Softmax over rows of codes, by whole numbers up to the last step.
 *
 * Formula:  t(d) = ⌊2^23·exp(−scale·d) + ½⌋,  d = largest code of the row − code;  S = Σ t, exact
 *           q = saturate(round(fround(fround(t)·fround(fround(1/scale_y)/fround(S)))) + z_y), ties to even
 * Shapes:   codes and out [rows, columns]
 *
 * The row sum is an integer, so the result does not depend on the order of the columns.
 */
export function integerSoftmax(
  input: CodeTensor,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  output: CodeOutput,
  out: QuantizedArray,
): void {
  const { codes, scale } = input;
  const { qmin, qmax } = codesOf(codes);
  const table = Float64Array.from({ length: qmax - qmin + 1 }, (_, d) =>
    Math.floor(2 ** 23 * Math.exp(-scale * d) + 0.5),
  );
  const inverseScale = Math.fround(1 / output.scale);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let largest = qmin;
    for (let i = 0; i < columns; i++) largest = Math.max(largest, codes[start + i] as number);
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += table[largest - (codes[start + i] as number)] as number;
    const factor = Math.fround(inverseScale / Math.fround(sum));
    for (let i = 0; i < columns; i++) {
      const share = Math.fround(table[largest - (codes[start + i] as number)] as number);
      const q = roundHalfEven(Math.fround(share * factor)) + output.zeroPoint;
      out[start + i] = q > output.qmax ? output.qmax : q < output.qmin ? output.qmin : q;
    }
  }
}
