/**
 * Size of one axis: a number, a name for an unknown size (equal names are equal sizes), or undefined.
 *
 * Names beyond those of the model are built from them: `2*N`, `(H+3)`, `min(T,128)`. Names that contain `?` stand for
 * unnamed sizes; they live inside inference only and leave it as undefined.
 */
export type Dim = number | string | undefined;

/** Longer names say nothing to a reader, and a chain of sums could double them at every step. */
const maxNameLength = 256;

const shortName = (name: string): Dim => (name.length <= maxNameLength ? name : undefined);

/** Highest rank that inference follows; a hostile file may claim any. */
export const maxRank = 64;

/** Shape of `rank` unknown sizes; undefined when the rank is not known or not credible. */
export const unknownDims = (rank: Dim): readonly Dim[] | undefined =>
  typeof rank === 'number' && rank >= 0 && rank <= maxRank ? new Array<Dim>(rank).fill(undefined) : undefined;

/** Splits `2*N*(a*b)` at its outer `*`. */
const factorsOf = (name: string): string[] => {
  const factors: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < name.length; i += 1) {
    const char = name[i];
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === '*' && depth === 0) {
      factors.push(name.slice(start, i));
      start = i + 1;
    }
  }
  factors.push(name.slice(start));
  return factors;
};

/** A product of sizes as a number and named factors. */
interface Product {
  readonly count: number;
  readonly names: readonly string[];
}

const productOf = (dims: readonly (number | string)[]): Product => {
  let count = 1;
  const names: string[] = [];
  for (const dim of dims) {
    if (typeof dim === 'number') {
      count *= dim;
      continue;
    }
    for (const factor of factorsOf(dim)) {
      if (/^\d+$/.test(factor)) count *= Number(factor);
      else names.push(factor);
    }
  }
  return { count, names: names.sort() };
};

const toDim = ({ count, names }: Product): Dim => {
  if (count === 0 || names.length === 0) return count;
  return shortName(count === 1 ? names.join('*') : [String(count), ...names].join('*'));
};

const areKnown = (dims: readonly Dim[]): dims is readonly (number | string)[] => dims.every((d) => d !== undefined);

/** Product of sizes; undefined when one is undefined. */
export const multiplyDims = (dims: readonly Dim[]): Dim => (areKnown(dims) ? toDim(productOf(dims)) : undefined);

/** `product(a) / product(b)` where it divides without rest, else undefined. */
export const divideDims = (a: readonly Dim[], b: readonly Dim[]): Dim => {
  if (!areKnown(a) || !areKnown(b)) return undefined;
  const top = productOf(a);
  const bottom = productOf(b);
  const names = [...top.names];
  for (const name of bottom.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  if (bottom.count === 0 || top.count % bottom.count !== 0) return undefined;
  return toDim({ count: top.count / bottom.count, names });
};

/** `(name+offset)` taken apart. */
const offsetOf = (dim: string): readonly [name: string, offset: number] => {
  const match = /^\((.*)([+-]\d+)\)$/.exec(dim);
  return match?.[1] === undefined ? [dim, 0] : [match[1], Number(match[2])];
};

/** Sum of two sizes. */
export const addDims = (a: Dim, b: Dim): Dim => {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && typeof b === 'string') return shortName(`(${[a, b].sort().join('+')})`);
  const [name, known] = offsetOf(typeof a === 'string' ? a : String(b));
  const offset = known + (typeof a === 'number' ? a : Number(b));
  if (offset === 0) return name;
  return shortName(offset > 0 ? `(${name}+${offset})` : `(${name}${offset})`);
};

/** Difference of two sizes. */
export const subtractDims = (a: Dim, b: Dim): Dim => {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return 0;
  return typeof b === 'number' ? addDims(a, -b) : shortName(`(${a}-${b})`);
};

/** Quotient of two sizes, rounded down. */
export const floorDivideDims = (a: Dim, b: Dim): Dim => {
  if (a === undefined || b === undefined) return undefined;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') return b === 0 ? undefined : Math.floor(a / b);
  return divideDims([a], [b]) ?? shortName(`floor(${a}/${b})`);
};

/** The smaller of two sizes. */
export const minDim = (a: Dim, b: Dim): Dim => {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return a;
  if (typeof a === 'number' && typeof b === 'number') return Math.min(a, b);
  return shortName(typeof a === 'number' ? `min(${b},${a})` : `min(${a},${b})`);
};

/**
 * Size of an axis that two operands share by broadcasting.
 *
 * Two different names may only meet when they are equal or one of them is 1 at run time, so the result is unknown,
 * except that `min(T,128)` against `T` can only be `T`.
 */
export const broadcastDim = (a: Dim, b: Dim): Dim => {
  if (a === b) return a;
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  if (a === undefined || b === undefined) return undefined;
  if (a.startsWith(`min(${b},`)) return b;
  if (b.startsWith(`min(${a},`)) return a;
  return undefined;
};

/** Broadcasts shapes of any ranks against each other (NumPy rules); undefined when a rank is unknown. */
export const broadcastDims = (shapes: readonly (readonly Dim[] | undefined)[]): readonly Dim[] | undefined => {
  let result: readonly Dim[] = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    const rank = Math.max(result.length, shape.length);
    const left = result;
    result = Array.from({ length: rank }, (_, i) => {
      const a = i - (rank - left.length);
      const b = i - (rank - shape.length);
      return broadcastDim(a < 0 ? 1 : left[a], b < 0 ? 1 : shape[b]);
    });
  }
  return result;
};

/** All sizes as numbers, or undefined when one is not. */
export const staticDims = (dims: readonly Dim[] | undefined): number[] | undefined => {
  if (dims === undefined) return undefined;
  const numbers: number[] = [];
  for (const dim of dims) {
    if (typeof dim !== 'number') return undefined;
    numbers.push(dim);
  }
  return numbers;
};

/** `[1,3,H,?]` for messages. */
export const formatDims = (dims: readonly Dim[] | undefined): string =>
  dims === undefined ? 'unknown rank' : `[${dims.map((dim) => dim ?? '?').join(',')}]`;
