import { codesOf, type QuantizedArray } from '../dtype';
import { addBias, assertCounts, assertDepth, assertLength, perChannel } from './accumulator';

/** A matrix product of codes. */
export interface IntegerGemm {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Codes [M, K]. */
  readonly a: QuantizedArray;
  readonly aZeroPoint: number;
  /** Codes [K, N] as in ONNX MatMul (`KN`), or [N, K]: the weights of one output in a row (`NK`). */
  readonly b: QuantizedArray;
  readonly bLayout: 'KN' | 'NK';
  /** One for all, or one per column [N]. */
  readonly bZeroPoint: number | Int32Array;
  /** Int32 [N], in units of scaleA·scaleB. */
  readonly bias?: Int32Array;
}

/**
 * Zero-point-corrected integer matrix product.
 *
 * Formula:  acc[m, n] = bias[n] + Σ_k (a[m, k] − z_a)(b[k, n] − z_b[n])
 *           = Σ ab − z_b Σ_k a − z_a Σ_k b + K·z_a·z_b + bias: what a fast kernel computes, with z_a Σ_k b folded into the bias
 * Shapes:   a [M, K], b [K, N] or [N, K], result [M, N], all row-major
 * Units:    real value = scaleA · scaleB[n] · acc
 * Overflow: K is at most maxDepth of the storage types and zero points (65 793 for u8·i8, 131 071 for i8·i8)
 *
 * @throws {ShapeMismatchError} when a length does not fit M, N, K
 * @throws {AccumulatorOverflowError} when K is too deep, or a bias leaves int32
 * @see Jacob et al. 2018, arXiv:1712.05877 §2.3
 */
export function integerGemm(call: IntegerGemm, out: Int32Array = new Int32Array(call.m * call.n)): Int32Array {
  const operation = '[core] integerGemm';
  const { m, n, k, a, b, aZeroPoint, bias } = call;
  assertCounts(operation, { m, n, k });
  assertLength(operation, 'a', a.length, m * k);
  assertLength(operation, 'b', b.length, k * n);
  assertLength(operation, 'out', out.length, m * n);
  if (bias !== undefined) assertLength(operation, 'bias', bias.length, n);
  const bZeroPoints = perChannel(operation, 'bZeroPoint', call.bZeroPoint, n);
  assertDepth(
    operation,
    k,
    { codes: codesOf(a), zeroPoint: aZeroPoint },
    { codes: codesOf(b), zeroPoints: bZeroPoints },
  );
  if (call.bLayout === 'KN') accumulateRows(call, bZeroPoints, out);
  else accumulateDots(call, bZeroPoints, out);
  if (bias !== undefined && n > 0) addBias(operation, out, bias, 1);
  return out;
}

// — internals —

/** b [K, N]: row k of b, times one element of a, is added to a row of the result. */
function accumulateRows({ m, n, k, a, aZeroPoint, b }: IntegerGemm, bZeroPoints: Int32Array, out: Int32Array): void {
  out.fill(0);
  for (let row = 0; row < m; row++) {
    const outStart = row * n;
    for (let depth = 0; depth < k; depth++) {
      const factor = (a[row * k + depth] as number) - aZeroPoint;
      const bStart = depth * n;
      for (let column = 0; column < n; column++) {
        const weight = (b[bStart + column] as number) - (bZeroPoints[column] as number);
        out[outStart + column] = (out[outStart + column] as number) + factor * weight;
      }
    }
  }
}

/** b [N, K]: one dot product per result. */
function accumulateDots({ m, n, k, a, aZeroPoint, b }: IntegerGemm, bZeroPoints: Int32Array, out: Int32Array): void {
  for (let row = 0; row < m; row++) {
    const aStart = row * k;
    for (let column = 0; column < n; column++) {
      const bStart = column * k;
      const bZeroPoint = bZeroPoints[column] as number;
      let acc = 0;
      for (let depth = 0; depth < k; depth++) {
        acc += ((a[aStart + depth] as number) - aZeroPoint) * ((b[bStart + depth] as number) - bZeroPoint);
      }
      out[row * n + column] = acc;
    }
  }
}
