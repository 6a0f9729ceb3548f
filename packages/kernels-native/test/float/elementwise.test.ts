import { describe, expect, it } from 'vitest';
import {
  type BinaryOp,
  binaryOps,
  type CompareOp,
  compareOps,
  type UnaryOp,
  unaryOps,
} from '../../src/float/elementwise-ops';
import { argReduceF32, binaryF32, compareF32, reduceF32, selectF32, unaryF32 } from '../../src/index';
import { nativeBackends } from '../native-contexts';
import { count, random, worstError } from './reference';

const { backends, skipped } = nativeBackends();

/** Functions are within 4 ULP (2⁻²¹ relative) and erf within 4·10⁻⁷; the reference itself is double. */
const tolerance = 1e-6;

const [a, b] = [0.25, 2];
const relu = (x: number): number => Math.max(x, 0);
const selu = (x: number): number => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** Abramowitz and Stegun 7.1.6, enough terms for |x| ≤ 3. */
const erf = (x: number): number => {
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
};
const halfEven = (x: number): number => {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.floor(x + 0.5);
  return floor % 2 === 0 ? floor : floor + 1;
};

const unary: Readonly<Record<UnaryOp, (x: number) => number>> = {
  abs: Math.abs,
  neg: (x) => -x,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  relu,
  clip: (x) => Math.min(b, Math.max(a, x)),
  leakyRelu: (x) => (x < 0 ? a * x : x),
  elu: (x) => (x < 0 ? a * Math.expm1(x) : x),
  selu,
  sigmoid,
  silu: (x) => x * sigmoid(x),
  tanh: Math.tanh,
  softplus: (x) => Math.log1p(Math.exp(x)),
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round: halfEven,
  sign: Math.sign,
  step: (x) => (x > 0 ? 1 : a),
  affine: (x) => a * x + b,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
};

/** Where a function is defined, drawn from numbers within (−3, 3). */
const domain: Partial<Record<UnaryOp, (x: number) => number>> = {
  log: Math.abs,
  log1p: Math.abs,
  sqrt: Math.abs,
  rsqrt: (x) => Math.abs(x) + 0.01,
  reciprocal: (x) => x + Math.sign(x),
  tan: (x) => x / 3,
  asin: (x) => x / 3,
  acos: (x) => x / 3,
  atanh: (x) => x / 4,
  acosh: (x) => Math.abs(x) + 1,
};

const binary: Readonly<Record<BinaryOp, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: Math.min,
  max: Math.max,
  squaredDifference: (x, y) => (x - y) ** 2,
  reluGrad: (dy, x) => (x > 0 ? dy : 0),
  relu6Grad: (dy, x) => (x > 0 && x <= 6 ? dy : 0),
  leakyReluGrad: (dy, x) => (x > 0 ? dy : a * dy),
  eluGrad: (dy, y) => (y >= 0 ? dy : dy * (y + 1)),
  sigmoidGrad: (dy, y) => dy * y * (1 - y),
  tanhGrad: (dy, y) => dy * (1 - y * y),
  prelu: (x, slope) => (x < 0 ? slope * x : x),
  clipGrad: (dy, x) => (x >= a && x <= b ? dy : 0),
  pow: (x, y) => Math.abs(x) ** y,
  floorMod: (x, y) => x - Math.floor(x / y) * y,
  floorDiv: (x, y) => Math.floor(x / y),
  atan2: Math.atan2,
};

const compare: Readonly<Record<CompareOp, (x: number, y: number) => boolean>> = {
  equal: (x, y) => x === y,
  notEqual: (x, y) => x !== y,
  less: (x, y) => x < y,
  lessEqual: (x, y) => x <= y,
  greater: (x, y) => x > y,
  greaterEqual: (x, y) => x >= y,
};

/** Position in an operand of a result's element. */
function sourceIndex(index: number, shape: readonly number[], operand: readonly number[]): number {
  let [rest, at, stride] = [index, 0, 1];
  for (let d = shape.length - 1; d >= 0; d--) {
    const position = rest % (shape[d] as number);
    rest = Math.floor(rest / (shape[d] as number));
    const size = operand[d - shape.length + operand.length] ?? 1;
    if (size !== 1) at += position * stride;
    stride *= size;
  }
  return at;
}

describe.each(backends.map((native) => [native.isa, native] as const))('element-wise kernels on %s', (_, native) => {
  it.each(unaryOps.map((op) => [op] as const))('maps %s', (op) => {
    const x = random(1)
      .floats(531)
      .map(domain[op] ?? ((v) => v));
    const y = new Float32Array(x.length);
    unaryF32(native, op, x, y, { a, b });
    expect(worstError(y, Float64Array.from(x, unary[op]))).toBeLessThan(tolerance);
    unaryF32(native, op, x, x, { a, b });
    expect(x).toEqual(y);
  });

  it.each(binaryOps.map((op) => [op] as const))('zips %s with broadcasting', (op) => {
    const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
      [[67], [67]],
      [[3, 5, 7], []],
      [[], [3, 5, 7]],
      [[4, 6, 5], [5]],
      [
        [6, 1],
        [4, 1, 9],
      ],
      [[300, 16], [16]],
      [
        [2, 1, 3, 1, 2],
        [3, 1, 4, 1],
      ],
    ];
    for (const [shapeA, shapeB] of shapes) {
      const r = random(2);
      // Numbers of binary fractions, so that a remainder is not decided by a rounding.
      const u = r.floats(count(shapeA)).map((v) => (op === 'pow' ? Math.abs(v) : Math.round(v * 8) / 8));
      const v = r.floats(count(shapeB)).map((w) => Math.round(w * 8) / 8 || 1);
      const rank = Math.max(shapeA.length, shapeB.length);
      const shape = Array.from({ length: rank }, (_, d) =>
        Math.max(shapeA[d - rank + shapeA.length] ?? 1, shapeB[d - rank + shapeB.length] ?? 1),
      );
      const y = new Float32Array(count(shape));
      expect(binaryF32(native, op, shapeA, u, shapeB, v, y, { parameter: a, limit: b })).toEqual(shape);
      const expected = Float64Array.from(y, (_, i) =>
        binary[op](u[sourceIndex(i, shape, shapeA)] as number, v[sourceIndex(i, shape, shapeB)] as number),
      );
      expect(worstError(y, expected)).toBeLessThan(tolerance);
    }
  });

  it.each(compareOps.map((op) => [op] as const))('compares %s and selects by it', (op) => {
    const r = random(3);
    const u = r.floats(143).map(Math.round);
    const v = r.floats(143).map(Math.round);
    u[5] = Number.NaN;
    const flags = new Uint8Array(143);
    compareF32(native, op, [11, 13], u, [11, 13], v, flags);
    expect([...flags]).toEqual(Array.from(u, (x, i) => Number(compare[op](x, v[i] as number))));
    const chosen = new Float32Array(143);
    selectF32(native, flags, u, v, chosen);
    expect(chosen).toEqual(u.map((x, i) => (flags[i] ? x : (v[i] as number))));
  });

  it('propagates NaN through relu, clip, min, max and reductions', () => {
    const x = new Float32Array(40).fill(1);
    x[3] = Number.NaN;
    const y = new Float32Array(40);
    for (const op of ['relu', 'clip', 'leakyRelu', 'exp', 'tanh'] as const) {
      unaryF32(native, op, x, y, { a, b });
      expect(Array.from(y, Number.isNaN).indexOf(true)).toBe(3);
    }
    for (const op of ['min', 'max'] as const) {
      binaryF32(native, op, [40], x, [], Float32Array.of(2), y);
      expect(y[3]).toBeNaN();
      binaryF32(native, op, [], Float32Array.of(2), [40], x, y);
      expect(y[3]).toBeNaN();
      const out = new Float32Array(1);
      reduceF32(native, op, [40], [0], x, out);
      expect(out[0]).toBeNaN();
    }
  });

  it('reduces any axes', () => {
    const shape = [3, 4, 5, 6];
    const x = random(4).floats(count(shape));
    const subsets = [[], [0], [1], [2], [3], [0, 1], [1, 2], [0, 2], [1, 3], [0, 1, 3], [3, 0, 2], [0, 1, 2, 3]];
    for (const axes of subsets) {
      const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const groups = Array.from({ length: count(kept) }, () => [] as number[]);
      for (const [i, value] of x.entries()) groups[sourceIndex(i, shape, kept)]?.push(value);
      const sum = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0);
      const expected = {
        sum: groups.map(sum),
        mean: groups.map((g) => sum(g) / g.length),
        sumSquares: groups.map((g) => sum(g.map((v) => v * v))),
        prod: groups.map((g) => g.reduce((p, v) => p * v, 1)),
        max: groups.map((g) => Math.max(...g)),
        min: groups.map((g) => Math.min(...g)),
      };
      for (const op of ['sum', 'mean', 'sumSquares', 'prod', 'max', 'min'] as const) {
        const out = new Float32Array(groups.length);
        reduceF32(native, op, shape, axes, x, out);
        expect(worstError(out, expected[op])).toBeLessThan(2e-5);
      }
    }
    const out = new Int32Array(3 * 5 * 6);
    argReduceF32(native, 'argMin', shape, 1, x, out);
    out.forEach((position, i) => {
      const [o, inner] = [Math.floor(i / 30), i % 30];
      const column = [0, 1, 2, 3].map((n) => x[(o * 4 + n) * 30 + inner] as number);
      expect(position).toBe(column.indexOf(Math.min(...column)));
    });
  });
});

describe.skipIf(backends.length === 0)(`arguments of element-wise kernels${skipped}`, () => {
  const native = backends[0] as (typeof backends)[number];
  const zeros = (length: number): Float32Array => new Float32Array(length);

  it('refuses unknown operations, shapes that do not broadcast, and partial overlap', () => {
    expect(() => unaryF32(native, 'cube' as UnaryOp, zeros(1), zeros(1))).toThrow(/one of abs/);
    expect(() => binaryF32(native, 'add', [2], zeros(2), [3], zeros(3), zeros(3))).toThrow(/broadcast/);
    const memory = zeros(6);
    expect(() => unaryF32(native, 'exp', memory.subarray(0, 4), memory.subarray(2, 6))).toThrow(/overlap/);
    expect(() => reduceF32(native, 'sum', [2, 3], [2], zeros(6), zeros(2))).toThrow(/axis/);
    expect(() => reduceF32(native, 'sum', [2, 3], [1, 1], zeros(6), zeros(2))).toThrow(/distinct/);
  });

  it('takes empty tensors', () => {
    binaryF32(native, 'add', [0, 3], zeros(0), [3], zeros(3), zeros(0));
    const out = Float32Array.of(5);
    reduceF32(native, 'sum', [0], [0], zeros(0), out);
    expect(out[0]).toBe(0);
  });
});
