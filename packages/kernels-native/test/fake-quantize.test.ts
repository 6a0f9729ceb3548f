import {
  type Granularity,
  int8,
  linearScheme,
  paramCount,
  perAxis,
  perGroup,
  perTensor,
  referenceBackend,
  roundHalfEven,
  seededRandom,
  uint4,
  view,
} from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import {
  clippingLevelBackwardF32,
  fakeQuantizeBackwardF32,
  fakeQuantizeF32,
  learnedStepBackwardF32,
  type QuantizationGrid,
  softStaircaseBackwardF32,
} from '../src/index';
import { nativeBackends } from './native-contexts';

const { backends, skipped } = nativeBackends();
const f = Math.fround;

/** Sums of up to a thousand float32 products: their rounding errors, not those of the float64 sum, decide. */
const sumTolerance = 2e-5;

const cases: readonly (readonly [shape: readonly number[], granularity: Granularity])[] = [
  [[1], perTensor],
  [[1031], perTensor],
  [[3, 3, 5, 19], perAxis(3)],
  [[4, 7, 23], perAxis(0)],
  [[4, 7, 23], perAxis(1)],
  [[5, 37], perGroup(1, 8)],
  [[3, 10, 6], perGroup(1, 4)],
];

/** Parameter index of every element, written down from the definition of granularity. */
function parameterOf(shape: readonly number[], granularity: Granularity, index: number): number {
  if (granularity.kind === 'perTensor') return 0;
  const { axis } = granularity;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = shape[axis] as number;
  const position = Math.floor(index / inner) % length;
  if (granularity.kind === 'perAxis') return position;
  const outer = Math.floor(index / (inner * length));
  const blocks = Math.ceil(length / granularity.size);
  return (outer * blocks + Math.floor(position / granularity.size)) * inner + (index % inner);
}

function example(shape: readonly number[], granularity: Granularity, zeroPoint = true) {
  const count = shape.reduce((a, b) => a * b, 1);
  const parameters = paramCount(shape, granularity);
  const random = seededRandom(count + parameters);
  const grid: QuantizationGrid = {
    shape,
    granularity,
    scale: Float32Array.from({ length: parameters }, () => 0.05 + random.next()),
    zeroPoint: Float32Array.from({ length: parameters }, () => (zeroPoint ? Math.floor(16 * random.next()) : 0)),
    qmin: 0,
    qmax: 15,
  };
  const x = Float32Array.from({ length: count }, (_, i) => {
    const s = grid.scale[parameterOf(shape, granularity, i)] as number;
    // Every fourth value next to a tie, the rest in and around the range.
    return i % 4 === 0 ? s * (Math.floor(20 * random.next()) - 2.5) : s * (24 * random.next() - 4);
  });
  return { grid, x, dy: Float32Array.from({ length: count }, () => random.next() - 0.5), parameters };
}

/** Adds slope(element)·dy per parameter. */
function expectedSums(
  { grid, x, dy, parameters }: ReturnType<typeof example>,
  slope: (v: number, z: number, g: number) => number,
): number[] {
  const sums = new Array<number>(parameters).fill(0);
  x.forEach((value, i) => {
    const g = parameterOf(grid.shape, grid.granularity, i);
    const v = f(value / (grid.scale[g] as number));
    sums[g] = (sums[g] as number) + (dy[i] as number) * slope(v, grid.zeroPoint[g] as number, g);
  });
  return sums;
}

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expected.forEach((value, g) => {
    expect(Math.abs((actual[g] as number) - value)).toBeLessThanOrEqual(sumTolerance * (1 + Math.abs(value)));
  });
}

const clip = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);

describe.skipIf(backends.length === 0)(`fused fake quantization${skipped}`, () => {
  it('runs on an instruction set of this machine', () => {
    expect(backends).not.toHaveLength(0);
  });

  describe.each(backends.map((backend) => [backend.isa, backend] as const))('%s', (_isa, native) => {
    it("gives the bits of core's fakeQuantize, in place too", () => {
      for (const dtype of [uint4, int8]) {
        for (const [shape, granularity] of cases) {
          const { grid, x } = example(shape, granularity);
          const scheme = linearScheme({ dtype, granularity });
          const qparams = { scale: grid.scale, zeroPoint: Int32Array.from(grid.zeroPoint) };
          const expected = new Float32Array(x.length);
          referenceBackend.fakeQuantize(view(x, shape), scheme, qparams, expected);
          const actual = x.slice();
          fakeQuantizeF32(native, { ...grid, qmin: dtype.qmin, qmax: dtype.qmax }, actual, actual);
          expect(new Int32Array(actual.buffer)).toEqual(new Int32Array(expected.buffer));
        }
      }
    });

    it('passes the gradient straight through where the rounded code is in range', () => {
      for (const [shape, granularity] of cases) {
        const { grid, x, dy } = example(shape, granularity);
        const dx = new Float32Array(x.length);
        fakeQuantizeBackwardF32(native, grid, dy, x, dx);
        const expected = dy.map((g, i) => {
          const p = parameterOf(shape, granularity, i);
          const code = roundHalfEven(f((x[i] as number) / (grid.scale[p] as number))) + (grid.zeroPoint[p] as number);
          return code >= grid.qmin && code <= grid.qmax ? g : 0;
        });
        expect(dx).toEqual(expected);
      }
    });

    it('gives the gradients of a learned step and offset', () => {
      for (const [shape, granularity] of cases) {
        const data = example(shape, granularity);
        const { grid, x, dy, parameters } = data;
        const [dscale, doffset, dx] = [new Float32Array(parameters), new Float32Array(parameters), dy.slice()];
        learnedStepBackwardF32(native, grid, dx, x, { dx, dscale, doffset }, 0.5);
        const isInside = (v: number, z: number): boolean => f(v + z) > grid.qmin && f(v + z) < grid.qmax;
        const step = expectedSums(
          data,
          (v, z) => 0.5 * (isInside(v, z) ? f(roundHalfEven(v) - v) : clip(f(v + z), grid.qmin, grid.qmax)),
        );
        expectClose(dscale, step);
        expectClose(
          doffset,
          expectedSums(data, (v, z) => (isInside(v, z) ? 0 : 0.5)),
        );
        const open = expectedSums({ ...data, dy: dy.map((g, i) => g * i) }, (v, z) => (isInside(v, z) ? 1 : 0));
        const passed = new Array<number>(parameters).fill(0);
        dx.forEach((g, i) => {
          passed[parameterOf(shape, granularity, i)] = (passed[parameterOf(shape, granularity, i)] as number) + g * i;
        });
        expectClose(Float32Array.from(passed), open);
      }
    });

    it('gives the gradients of a learned clipping level, as in the paper and in full', () => {
      for (const hasFullGradient of [false, true]) {
        for (const [shape, granularity] of cases) {
          const data = example(shape, granularity, false);
          const { grid, x, dy, parameters } = data;
          const [dlevel, dx] = [new Float32Array(parameters), new Float32Array(x.length)];
          clippingLevelBackwardF32(native, grid, dy, x, { dx, dlevel }, { gradientScale: 1, hasFullGradient });
          const slope = (v: number): number => {
            if (v > 0 && v < 15) return hasFullGradient ? f(roundHalfEven(v) - v) / 15 : 0;
            return clip(v, 0, 15) / 15;
          };
          expectClose(dlevel, expectedSums(data, slope));
          expect(dx).toEqual(
            dy.map((g, i) => {
              const v = f((x[i] as number) / (grid.scale[parameterOf(shape, granularity, i)] as number));
              return v >= 0 && v <= 15 ? g : 0;
            }),
          );
        }
      }
    });

    it('gives the gradients of the soft staircase', () => {
      for (const [shape, granularity] of cases) {
        const data = example(shape, granularity);
        const { grid, x, dy, parameters } = data;
        const alpha = Float32Array.from({ length: parameters }, (_, g) => 0.1 + 0.3 * ((g % 7) / 7));
        const zeros = (): Float32Array => new Float32Array(parameters);
        const out = { dx: new Float32Array(x.length), dlower: zeros(), dupper: zeros(), dalpha: zeros() };
        softStaircaseBackwardF32(native, grid, alpha, dy, x, out, 1);
        const piece = (v: number, z: number, g: number) => {
          const a = alpha[g] as number;
          const r = v + z;
          const t = r - clip(Math.floor(r), 0, 14) - 0.5;
          const [k, s] = [Math.log(2 / a - 1), 1 / (1 - a)];
          const tanh = Math.tanh(k * t);
          const half = (s * k * (1 - tanh * tanh)) / 2;
          const share = clip(roundHalfEven(v) + z, 0, 15) / 15;
          const bend = tanh * s * s - (s * (1 - tanh * tanh) * t * 2) / (a * (2 - a));
          return { r, half, share, softness: ((grid.scale[g] as number) / 2) * bend };
        };
        expectClose(
          out.dlower,
          expectedSums(data, (v, z, g) => {
            const { r, half, share } = piece(v, z, g);
            if (r < 0) return 1;
            return r > 15 ? 0 : 1 - share + half * (r / 15 - 1);
          }),
        );
        expectClose(
          out.dupper,
          expectedSums(data, (v, z, g) => {
            const { r, half, share } = piece(v, z, g);
            if (r < 0) return 0;
            return r > 15 ? 1 : share - half * (r / 15);
          }),
        );
        expectClose(
          out.dalpha,
          expectedSums(data, (v, z, g) => {
            const { r, softness } = piece(v, z, g);
            return r < 0 || r > 15 ? 0 : softness;
          }),
        );
        x.forEach((value, i) => {
          const g = parameterOf(shape, granularity, i);
          const { r, half } = piece(f(value / (grid.scale[g] as number)), grid.zeroPoint[g] as number, g);
          const expected = r < 0 || r > 15 ? 0 : (dy[i] as number) * half;
          expect(Math.abs((out.dx[i] as number) - expected)).toBeLessThanOrEqual(sumTolerance);
        });
      }
    });

    it('refuses arrays that do not fit', () => {
      const { grid, x } = example([4, 6], perAxis(1));
      const out = new Float32Array(24);
      expect(() => fakeQuantizeF32(native, grid, x, new Float32Array(23))).toThrow(/out of length 24/);
      expect(() => fakeQuantizeF32(native, { ...grid, scale: new Float32Array(4) }, x, out)).toThrow(
        /scale of length 6/,
      );
      expect(() => fakeQuantizeF32(native, { ...grid, qmax: -1 }, x, out)).toThrow(/qmax/);
      expect(() => fakeQuantizeF32(native, grid, new Float64Array(24) as never, out)).toThrow(/Float32Array/);
      const shared = new Float32Array(new SharedArrayBuffer(96)) as unknown as Float32Array;
      expect(() => fakeQuantizeF32(native, grid, shared, out)).toThrow(/shared or resizable/);
      const both = new Float32Array(30);
      expect(() => fakeQuantizeF32(native, grid, both.subarray(0, 24), both.subarray(3, 27))).toThrow(/overlap/);
      structuredClone(out, { transfer: [out.buffer] });
      expect(() => fakeQuantizeF32(native, grid, x, out)).toThrow(/detached/);
    });
  });
});
