import { findDataType } from '../tensor/data-type';
import { addDims, divideDims, floorDivideDims, minDim, multiplyDims, staticDims, subtractDims } from './dim';
import {
  concatMap,
  type ElementMap,
  elementCount,
  expandMap,
  gatherMap,
  normalizeAxis,
  sliceMap,
  takeFrom,
  tileMap,
  transposeMap,
} from './element-map';
import type { InferContext, PartialElement, PartialValue, ValueRule } from './infer-types';
import { slicesOf } from './rules/selection';

/*
 * Content of small tensors as it follows from shapes: the Shape -> Gather -> Concat chains that exporters write around
 * Reshape and Pad. Elements are numbers where they can be, names of sizes where they must be; a rule that does not
 * know an element says undefined, never a guess.
 */

/** How results of a type are stored; 'unknown' for types that are not followed (float16 and kin). */
type Arithmetic = 'float32' | 'float64' | 'int32' | 'int64' | 'unknown';
type Binary = (a: PartialElement, b: PartialElement, type: Arithmetic) => PartialElement;
type Unary = (a: PartialElement, c: InferContext) => PartialElement;

const arithmeticOf = (dataType: number): Arithmetic => {
  const info = findDataType(dataType);
  if (info?.kind === 'float') return info.bits === 32 ? 'float32' : info.bits === 64 ? 'float64' : 'unknown';
  if (info?.kind !== 'int') return 'unknown';
  return info.bits === 64 ? 'int64' : info.bits === 32 ? 'int32' : 'unknown';
};

/** A result as the type stores it; undefined where it is not exact or would wrap around. */
const stored = (value: number, type: Arithmetic): number | undefined => {
  if (!Number.isFinite(value) || type === 'unknown') return undefined;
  if (type === 'float64') return value;
  if (type === 'float32') return Math.fround(value);
  if (type === 'int32') return value === (value | 0) ? value : undefined;
  return Number.isSafeInteger(value) ? value : undefined;
};

const arithmetic =
  (
    onNumbers: (a: number, b: number) => number,
    onNames: (a: PartialElement, b: PartialElement) => PartialElement,
  ): Binary =>
  (a, b, type) => {
    if (a === undefined || b === undefined) return undefined;
    if (typeof a === 'number' && typeof b === 'number') return stored(onNumbers(a, b), type);
    const whole = (x: PartialElement): boolean => typeof x === 'string' || Number.isInteger(x);
    return whole(a) && whole(b) ? onNames(a, b) : undefined;
  };

const divide: Binary = (a, b, type) => {
  const isFloat = type === 'float32' || type === 'float64';
  if (typeof a === 'number' && typeof b === 'number') {
    if (b === 0) return undefined;
    return stored(isFloat ? a / b : Math.trunc(a / b), type);
  }
  if (isFloat || typeof b !== 'number' || b <= 0) return divideDims([a], [b]);
  return isNonNegativeName(a) ? floorDivideDims(a, b) : undefined;
};

/** Names stand for sizes, but a difference of sizes may be negative. */
const isNonNegativeName = (x: PartialElement): x is string => typeof x === 'string' && !x.includes('-');

const multiply: Binary = arithmetic(
  (a, b) => a * b,
  (a, b) => {
    if ([a, b].some((x) => typeof x === 'number' && x < 0)) return undefined;
    return multiplyDims([a, b]);
  },
);

const equal: Binary = (a, b) => {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return 1;
  if (typeof a === 'number' && typeof b === 'number') return 0;
  const negative = [a, b].some((x) => typeof x === 'number' && x < 0);
  return negative && [a, b].some(isNonNegativeName) ? 0 : undefined;
};

const numeric =
  (of: (a: number, b: number) => number): Binary =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? of(a, b) : undefined;

const less: Binary = numeric((a, b) => Number(a < b));
const and: Binary = (a, b, type) =>
  a === 0 || b === 0 ? 0 : numeric((x, y) => Number(x !== 0 && y !== 0))(a, b, type);
const or: Binary = (a, b, type) => {
  if (typeof a === 'number' && a !== 0) return 1;
  if (typeof b === 'number' && b !== 0) return 1;
  return numeric((x, y) => Number(x !== 0 || y !== 0))(a, b, type);
};

const binaries: Readonly<Record<string, Binary>> = {
  Add: arithmetic((a, b) => a + b, addDims),
  Sub: arithmetic((a, b) => a - b, subtractDims),
  Mul: multiply,
  Div: divide,
  Mod: (a, b, type) =>
    typeof a === 'number' && typeof b === 'number' && a >= 0 && b > 0 ? stored(a % b, type) : undefined,
  Min: arithmetic(Math.min, minDim),
  Max: arithmetic(Math.max, (a, b) => (a === b ? a : undefined)),
  Equal: equal,
  Less: less,
  Greater: (a, b, type) => less(b, a, type),
  LessOrEqual: numeric((a, b) => Number(a <= b)),
  GreaterOrEqual: numeric((a, b) => Number(a >= b)),
  And: and,
  Or: or,
};

const cast: Unary = (a, c) => {
  const to = c.int('to') ?? 0;
  const kind = findDataType(to)?.kind;
  if (a === undefined) return undefined;
  if (kind === 'bool') return typeof a === 'number' ? Number(a !== 0) : undefined;
  if (typeof a === 'string') return arithmeticOf(to) === 'unknown' || kind === 'uint' ? undefined : a;
  const type = arithmeticOf(to);
  if (kind === 'float') return stored(a, type);
  return kind === 'int' ? stored(Math.trunc(a), type) : undefined;
};

const onNumber =
  (of: (a: number) => number): Unary =>
  (a) =>
    typeof a === 'number' ? of(a) : undefined;

const keepName =
  (of: (a: number) => number): Unary =>
  (a) =>
    typeof a === 'number' ? of(a) : a;

const unaries: Readonly<Record<string, Unary>> = {
  Identity: (a) => a,
  Cast: cast,
  Floor: keepName(Math.floor),
  Ceil: keepName(Math.ceil),
  Abs: (a) => (typeof a === 'number' ? Math.abs(a) : isNonNegativeName(a) ? a : undefined),
  Neg: onNumber((a) => -a),
  Not: onNumber((a) => Number(a === 0)),
};

const broadcastValue = (c: InferContext, i: number, dims: readonly number[]): PartialValue | undefined => {
  const value = c.value(i);
  const from = staticDims(c.dims(i));
  return value === undefined || from === undefined ? undefined : takeFrom(value, expandMap(from, dims), undefined);
};

const binaryRule =
  (of: Binary): ValueRule =>
  (c, dims) => {
    const type = arithmeticOf(c.dataType(0));
    let result = broadcastValue(c, 0, dims);
    for (let i = 1; i < c.inputCount; i += 1) {
      const next = broadcastValue(c, i, dims);
      if (result === undefined || next === undefined) return undefined;
      result = result.map((a, k) => of(a, next[k], type));
    }
    return result;
  };

const unaryRule =
  (of: Unary): ValueRule =>
  (c) =>
    c.value(0)?.map((a) => of(a, c));

const moved = (c: InferContext, map: ElementMap | undefined): PartialValue | undefined => {
  const value = c.value(0);
  return value === undefined || map === undefined ? undefined : takeFrom(value, map, undefined);
};

const keepElements: ValueRule = (c) => c.value(0);

const shape: ValueRule = (c, [count = 0]) => {
  const dims = c.dims(0);
  if (dims === undefined) return undefined;
  const raw = c.int('start') ?? 0;
  const start = Math.min(Math.max(raw < 0 ? raw + dims.length : raw, 0), dims.length);
  return dims.slice(start, start + count);
};

const gather: ValueRule = (c) => {
  const from = staticDims(c.dims(0));
  const indices = c.numbers(1);
  const indexDims = staticDims(c.dims(1));
  const axis = normalizeAxis(c.int('axis') ?? 0, from?.length ?? 0);
  if (from === undefined || indices === undefined || indexDims === undefined || axis === undefined) return undefined;
  return moved(c, gatherMap(from, axis, indices, indexDims));
};

const slice: ValueRule = (c) => {
  const from = staticDims(c.dims(0));
  const slices = from === undefined ? undefined : slicesOf(c, from.length);
  if (from === undefined || slices === undefined) return undefined;
  const known = [];
  for (const { axis, start, end, step } of slices) {
    if (typeof start !== 'number' || typeof end !== 'number') return undefined;
    known.push({ axis, start, end, step });
  }
  return moved(c, sliceMap(from, known));
};

const transpose: ValueRule = (c) => {
  const from = staticDims(c.dims(0));
  if (from === undefined) return undefined;
  return moved(c, transposeMap(from, c.ints('perm') ?? from.map((_, i) => from.length - 1 - i)));
};

const concat: ValueRule = (c) => {
  const shapes: number[][] = [];
  const elements: PartialElement[] = [];
  for (let i = 0; i < c.inputCount; i += 1) {
    const dims = staticDims(c.dims(i));
    if (dims === undefined) return undefined;
    shapes.push(dims);
    elements.push(...(c.value(i) ?? new Array<PartialElement>(elementCount(dims)).fill(undefined)));
  }
  const axis = normalizeAxis(c.int('axis') ?? 1, shapes[0]?.length ?? 0);
  return axis === undefined ? undefined : takeFrom(elements, concatMap(shapes, axis), undefined);
};

const where: ValueRule = (c, dims) => {
  const [condition, yes, no] = [0, 1, 2].map((i) => broadcastValue(c, i, dims));
  return condition?.map((chosen, k) => {
    if (chosen === undefined) return yes?.[k] === no?.[k] ? yes?.[k] : undefined;
    return chosen === 0 ? no?.[k] : yes?.[k];
  });
};

const range: ValueRule = (c, [count = 0]) => {
  const [[start] = [], [delta] = []] = [c.value(0), c.value(2)];
  if (typeof start !== 'number' || typeof delta !== 'number') return undefined;
  return Array.from({ length: count }, (_, i) => start + i * delta);
};

const reduceProduct: ValueRule = (c, dims) => {
  const value = c.value(0);
  if (value === undefined || elementCount(dims) !== 1 || c.dims(0)?.length !== 1) return undefined;
  return [value.reduce((product, x) => multiply(product, x, arithmeticOf(c.dataType(0))), 1 as PartialElement)];
};

const movementRules: Readonly<Record<string, ValueRule>> = {
  Shape: shape,
  Size: (c) => [multiplyDims(c.dims(0) ?? [undefined])],
  Gather: gather,
  Slice: slice,
  Transpose: transpose,
  Concat: concat,
  Where: where,
  Range: range,
  ReduceProd: reduceProduct,
  Reshape: keepElements,
  Flatten: keepElements,
  Squeeze: keepElements,
  Unsqueeze: keepElements,
  Expand: (c, dims) => broadcastValue(c, 0, dims),
  Tile: (c) => {
    const from = staticDims(c.dims(0));
    const repeats = c.numbers(1);
    return moved(c, from === undefined || repeats === undefined ? undefined : tileMap(from, repeats));
  },
};

/** What is known about the content of an operator's first output. */
export const valueRules: Readonly<Record<string, ValueRule>> = {
  ...movementRules,
  ...Object.fromEntries(Object.entries(binaries).map(([op, of]) => [op, binaryRule(of)])),
  ...Object.fromEntries(Object.entries(unaries).map(([op, of]) => [op, unaryRule(of)])),
};
