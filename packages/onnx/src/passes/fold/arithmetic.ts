import { expandMap } from '../../shape/element-map';
import { DataType, findDataType } from '../../tensor/data-type';
import { tensorToFloat32 } from '../../tensor/tensor-to-float32';
import { buildConstant, type ConstantTensor, moveElements, tensorOf } from './constant-tensor';
import type { Evaluate } from './evaluate-types';

/** One result element, or undefined when the operation is not defined there (integer division by zero). */
type OnNumbers = (a: number, b: number) => number | undefined;
type OnBigInts = (a: bigint, b: bigint) => bigint | undefined;

/** Types that are computed in their own arithmetic: float32 and float64 by IEEE rounding, integers by wrapping. */
const isComputable = (dataType: number): boolean => {
  const info = findDataType(dataType);
  if (info === undefined) return false;
  return info.kind === 'float' ? info.bits >= 32 : info.bits >= 8 && (info.kind === 'int' || info.kind === 'uint');
};

const broadcast = (x: ConstantTensor, dims: readonly number[]): ConstantTensor | undefined =>
  moveElements(x, expandMap(x.dims, dims));

const combine = (
  a: ConstantTensor,
  b: ConstantTensor,
  dims: readonly number[],
  dataType: number,
  of: (a: number | bigint, b: number | bigint) => number | bigint | undefined,
): ConstantTensor | undefined => {
  const [left, right] = [broadcast(a, dims), broadcast(b, dims)];
  if (left === undefined || right === undefined) return undefined;
  let isDefined = true;
  const result = buildConstant(dataType, dims, (i) => {
    const value = of(left.data[i] ?? 0, right.data[i] ?? 0);
    if (value === undefined) isDefined = false;
    return value ?? left.data[i] ?? 0;
  });
  return isDefined ? result : undefined;
};

/**
 * Element-wise operators of any number of inputs, left to right. float32 results are computed in float64 and rounded
 * once, which for one +, −, ×, ÷ equals the float32 operation; Int32Array and BigInt64Array wrap like the runtime.
 */
const arithmetic =
  (onNumbers: OnNumbers, onBigInts: OnBigInts): Evaluate =>
  (_, inputs, [dims]) => {
    const [first] = inputs;
    if (first === undefined || dims === undefined || !isComputable(first.dataType)) return undefined;
    let sum: ConstantTensor | undefined = first;
    for (const next of inputs.slice(1)) {
      if (sum === undefined || next === undefined) return undefined;
      sum = combine(sum, next, dims, first.dataType, (a, b) =>
        typeof a === 'bigint' && typeof b === 'bigint' ? onBigInts(a, b) : onNumbers(Number(a), Number(b)),
      );
    }
    return sum === undefined ? undefined : [sum];
  };

const divide: Evaluate = (c, inputs, dims) => {
  const isFloat = findDataType(c.dataType(0))?.kind === 'float';
  const onNumbers: OnNumbers = isFloat ? (a, b) => a / b : (a, b) => (b === 0 ? undefined : Math.trunc(a / b));
  return arithmetic(onNumbers, (a, b) => (b === 0n ? undefined : a / b))(c, inputs, dims);
};

const multiply: Evaluate = (c, inputs, dims) => {
  const isInt32 = c.dataType(0) === DataType.INT32 || c.dataType(0) === DataType.UINT32;
  return arithmetic(isInt32 ? Math.imul : (a, b) => a * b, (a, b) => a * b)(c, inputs, dims);
};

const compare =
  (of: (a: number | bigint, b: number | bigint) => boolean): Evaluate =>
  (_, [a, b], [dims]) => {
    if (a === undefined || b === undefined || dims === undefined) return undefined;
    if (!isComputable(a.dataType) && a.dataType !== DataType.BOOL) return undefined;
    const result = combine(a, b, dims, DataType.BOOL, (x, y) => Number(of(x, y)));
    return result === undefined ? undefined : [result];
  };

const unary =
  (of: (a: number) => number, onBigInt?: (a: bigint) => bigint): Evaluate =>
  (_, [x]) => {
    if (x === undefined || !isComputable(x.dataType)) return undefined;
    if (typeof x.data[0] === 'bigint' && onBigInt === undefined) return undefined;
    const result = buildConstant(x.dataType, x.dims, (i) => {
      const value = x.data[i] ?? 0;
      return typeof value === 'bigint' && onBigInt !== undefined ? onBigInt(value) : of(Number(value));
    });
    return result === undefined ? undefined : [result];
  };

const not: Evaluate = (_, [x]) => {
  if (x?.dataType !== DataType.BOOL) return undefined;
  return [buildConstant(DataType.BOOL, x.dims, (i) => Number(!x.data[i]))];
};

/** Largest and smallest value an integer type holds. */
const integerRange = (dataType: number): readonly [bigint, bigint] | undefined => {
  const info = findDataType(dataType);
  if (info?.kind === 'int') return [-(1n << BigInt(info.bits - 1)), (1n << BigInt(info.bits - 1)) - 1n];
  return info?.kind === 'uint' ? [0n, (1n << BigInt(info.bits)) - 1n] : undefined;
};

/**
 * Cast between bool, integers of at least 8 bits, float and double, and from float16 and bfloat16. Out-of-range floats
 * have no defined integer, so they are not folded.
 */
const cast: Evaluate = (c, [x]) => {
  const to = c.int('to') ?? 0;
  if (x === undefined || !(isComputable(to) || to === DataType.BOOL)) return undefined;
  const from = findDataType(x.dataType);
  if (from === undefined || (from.kind === 'float' && from.bits < 16)) return undefined;
  const isHalf = from.kind === 'float' && from.bits === 16;
  const data: ArrayLike<number | bigint> = isHalf ? tensorToFloat32(tensorOf('', x)) : x.data;
  if (to === DataType.BOOL) return [buildConstant(to, x.dims, (i) => Number(Number(data[i] ?? 0) !== 0))];
  const range = integerRange(to);
  if (range === undefined) return [buildConstant(to, x.dims, (i) => Number(data[i] ?? 0))];
  let isInRange = true;
  const result = buildConstant(to, x.dims, (i) => {
    const value = data[i] ?? 0;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      isInRange = false;
      return 0;
    }
    const whole = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
    if (whole < range[0] || whole > range[1]) isInRange = false;
    return isInRange ? whole : 0;
  });
  return isInRange ? [result] : undefined;
};

const minOf = <T extends number | bigint>(a: T, b: T): T => (a < b ? a : b);
const maxOf = <T extends number | bigint>(a: T, b: T): T => (a > b ? a : b);

/** Operators that compute; every result is the bit pattern the runtime would produce. */
export const arithmeticEvaluators: Readonly<Record<string, Evaluate>> = {
  Add: arithmetic(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  Sub: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  Mul: multiply,
  Div: divide,
  Min: arithmetic((a, b) => (Number.isNaN(a + b) ? Number.NaN : minOf(a, b)), minOf),
  Max: arithmetic((a, b) => (Number.isNaN(a + b) ? Number.NaN : maxOf(a, b)), maxOf),
  Equal: compare((a, b) => a === b),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  And: compare((a, b) => Boolean(a) && Boolean(b)),
  Or: compare((a, b) => Boolean(a) || Boolean(b)),
  Not: not,
  Neg: unary(
    (a) => -a,
    (a) => -a,
  ),
  Abs: unary(Math.abs, (a) => (a < 0n ? -a : a)),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((a) => 1 / a),
  Cast: cast,
};
