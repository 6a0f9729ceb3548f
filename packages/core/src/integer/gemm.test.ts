import { describe, expect, it } from 'vitest';
import { int8, uint8 } from '../dtype';
import { seededRandom } from '../seeded-random';
import { maxDepth } from './accumulator';
import { integerGemm } from './gemm';

const base = { aZeroPoint: 0, bZeroPoint: 0, bLayout: 'KN' as const };

describe('integerGemm', () => {
  it('subtracts zero points: (1−1)(…) + (3−1)(2−(−1)) by hand', () => {
    // a = [1 3], z_a = 1; b = [[5],[2]], z_b = −1: 0·6 + 2·3 = 6, plus bias 10.
    const acc = integerGemm({
      ...base,
      m: 1,
      n: 1,
      k: 2,
      a: Uint8Array.of(1, 3),
      aZeroPoint: 1,
      b: Int8Array.of(5, 2),
      bZeroPoint: -1,
      bias: Int32Array.of(10),
    });
    expect([...acc]).toEqual([16]);
  });

  it('equals the expanded formula of fast kernels, in both layouts of b and per column zero points', () => {
    const [m, n, k] = [4, 5, 23];
    const random = seededRandom(21);
    const a = Uint8Array.from({ length: m * k }, () => random.nextUint32());
    const b = Int8Array.from({ length: k * n }, () => random.nextUint32());
    const bZeroPoint = Int32Array.of(0, 3, -128, 127, -7);
    const bias = Int32Array.from({ length: n }, () => (random.nextUint32() | 0) >> 10);
    const bRows = Int8Array.from({ length: n * k }, (_, i) => b[(i % k) * n + Math.floor(i / k)]!);
    const call = { m, n, k, a, aZeroPoint: 131, b, bZeroPoint, bias };
    const acc = integerGemm({ ...call, bLayout: 'KN' });
    expect(integerGemm({ ...call, b: bRows, bLayout: 'NK' })).toEqual(acc);
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let ab = 0;
        let sumA = 0;
        let sumB = 0;
        for (let d = 0; d < k; d++) {
          ab += a[row * k + d]! * b[d * n + column]!;
          sumA += a[row * k + d]!;
          sumB += b[d * n + column]!;
        }
        const z = bZeroPoint[column]!;
        expect(acc[row * n + column]).toBe(ab - z * sumA - 131 * sumB + k * 131 * z + bias[column]!);
      }
    }
  });

  it('is exact at the largest depth and refuses one more', () => {
    const run = (k: number) =>
      integerGemm({
        ...base,
        m: 1,
        n: 1,
        k,
        a: new Uint8Array(k).fill(255),
        b: new Int8Array(k).fill(-128),
        bLayout: 'NK',
      });
    expect([...run(65793)]).toEqual([-65793 * 255 * 128]);
    expect(() => run(65794)).toThrow(/depth of at most 65793 for int32 accumulators, received 65794/);
  });

  it('refuses a bias that would leave int32, and lengths that do not fit', () => {
    const call = { ...base, m: 1, n: 1, k: 1, a: Int8Array.of(1), b: Int8Array.of(1) };
    expect(() => integerGemm({ ...call, bias: Int32Array.of(2 ** 31 - 1) })).toThrow(
      /within int32, received 2147483648/,
    );
    expect(() => integerGemm({ ...call, k: 2 })).toThrow(/a of length 2, received 1/);
    expect(() => integerGemm({ ...call, bZeroPoint: new Int32Array(2) })).toThrow(/bZeroPoint of length 1/);
    expect(() => integerGemm({ ...call, m: 1.5 })).toThrow(/integer m ≥ 0/);
  });

  it('takes empty matrices and overwrites what was in the result', () => {
    const empty = { ...base, a: new Int8Array(0), b: new Int8Array(0) };
    expect(integerGemm({ ...empty, m: 0, n: 0, k: 0 })).toEqual(new Int32Array(0));
    expect([...integerGemm({ ...empty, m: 1, n: 2, k: 0, bias: Int32Array.of(4, 5) }, Int32Array.of(9, 9))]).toEqual([
      4, 5,
    ]);
  });
});

describe('maxDepth', () => {
  it('has its known values', () => {
    expect([maxDepth(uint8, int8), maxDepth(int8, int8), maxDepth(uint8, uint8)]).toEqual([65793, 131071, 33025]);
  });

  it('counts the zero point: int8 codes around −128 reach 255', () => {
    expect(maxDepth(int8, int8, -128)).toBe(65793);
    expect(maxDepth(uint8, { qmin: -64, qmax: 64 })).toBe(131586);
  });
});
