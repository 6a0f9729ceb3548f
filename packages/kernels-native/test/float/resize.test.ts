import { describe, expect, it } from 'vitest';
import { type NativeBackend, type ResizeF32, resizeBackwardF32, resizeF32 } from '../../src/index';
import { nativeBackends } from '../native-contexts';
import { count, random } from './reference';

/** Three roundings of mixtures of numbers within (−3, 3). */
const tolerance = 2e-6;
/** Sums of a few thousand products in another order. */
const adjointTolerance = 1e-3;

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/** The two pixels an output reads along one axis, and the share of the second. */
function readAt(resize: ResizeF32, out: number, inSize: number, outSize: number): [number, number, number] {
  const { method, alignCorners = false, halfPixelCenters = false } = resize;
  const ratio = alignCorners && outSize > 1 ? (inSize - 1) / (outSize - 1) : inSize / outSize;
  const inside = (position: number): number => Math.min(Math.max(position, 0), inSize - 1);
  if (method === 'nearest') {
    const at = (out + (halfPixelCenters ? 0.5 : 0)) * ratio;
    const nearest = inside(Math.floor(at + (alignCorners ? 0.5 : 0)));
    return [nearest, nearest, 0];
  }
  const at = halfPixelCenters ? (out + 0.5) * ratio - 0.5 : out * ratio;
  return [inside(Math.floor(at)), inside(Math.ceil(at)), at - Math.floor(at)];
}

function definition(resize: ResizeF32, x: Float32Array): Float64Array {
  const { batch, inHeight, inWidth, channels, outHeight, outWidth } = resize;
  const y = new Float64Array(count([batch, outHeight, outWidth, channels]));
  for (let at = 0; at < y.length; at++) {
    const c = at % channels;
    const j = Math.floor(at / channels) % outWidth;
    const i = Math.floor(at / channels / outWidth) % outHeight;
    const n = Math.floor(at / channels / outWidth / outHeight);
    const [top, bottom, down] = readAt(resize, i, inHeight, outHeight);
    const [left, right, across] = readAt(resize, j, inWidth, outWidth);
    const pixel = (h: number, w: number): number => x[((n * inHeight + h) * inWidth + w) * channels + c] as number;
    const line = (h: number): number => pixel(h, left) * (1 - across) + pixel(h, right) * across;
    y[at] = line(top) * (1 - down) + line(bottom) * down;
  }
  return y;
}

const switches = [false, true].flatMap((alignCorners) =>
  [false, true].map((halfPixelCenters) => ({ alignCorners, halfPixelCenters })),
);
const cases = (['nearest', 'bilinear'] as const).flatMap((method) =>
  switches.map((options) => ({ method, ...options })),
);

const { backends, skipped } = nativeBackends();

describe.skipIf(backends.length === 0)(`resizeF32${skipped}`, () => {
  const native = nativeBackends(3).backends.at(-1) as NativeBackend;

  it.each(cases)(
    '$method, align corners $alignCorners, half-pixel centers $halfPixelCenters: the definition',
    (options) => {
      for (let seed = 0; seed < 30; seed++) {
        const r = random(seed);
        const [inHeight, inWidth] = [r.integer(1, 9), r.integer(1, 9)];
        const resize = { batch: r.integer(1, 3), inHeight, inWidth, channels: r.integer(1, 9), ...options };
        const sized = { ...resize, outHeight: r.integer(1, 20), outWidth: r.integer(1, 20) };
        const x = r.floats(count([resize.batch, inHeight, inWidth, resize.channels]));
        const y = new Float32Array(count([resize.batch, sized.outHeight, sized.outWidth, resize.channels]));
        resizeF32(native, sized, x, y);
        const exact = definition(sized, x);
        expect(y.every((value, i) => Math.abs(value - (exact[i] as number)) <= tolerance)).toBe(true);
      }
    },
  );

  it.each(cases)(
    '$method, align corners $alignCorners, half-pixel centers $halfPixelCenters: the gradient is its adjoint',
    (options) => {
      for (let seed = 0; seed < 20; seed++) {
        const r = random(seed);
        const size = { batch: 2, inHeight: r.integer(1, 9), inWidth: r.integer(1, 9), channels: r.integer(1, 5) };
        const resize = { ...size, outHeight: r.integer(1, 20), outWidth: r.integer(1, 20), ...options };
        const x = r.floats(count([2, size.inHeight, size.inWidth, size.channels]));
        const dy = r.floats(count([2, resize.outHeight, resize.outWidth, size.channels]));
        const dx = new Float32Array(x.length).fill(Number.NaN);
        resizeBackwardF32(native, resize, dy, dx);
        expect(Math.abs(dot(dx, x) - dot(definition(resize, x), dy))).toBeLessThan(adjointTolerance);
      }
    },
  );

  it('mixes by distance', () => {
    // Ratio 1/2: outputs 0, 1, 2, 3 lie at 0, 0.5, 1, 1.5; the last one has no pixel beyond.
    const resize = { batch: 1, inHeight: 1, inWidth: 2, channels: 1, outHeight: 1, outWidth: 4 };
    const y = new Float32Array(4);
    resizeF32(native, { ...resize, method: 'bilinear' }, Float32Array.of(10, 20), y);
    expect([...y]).toEqual([10, 15, 20, 20]);
    resizeF32(native, { ...resize, method: 'nearest' }, Float32Array.of(10, 20), y);
    expect([...y]).toEqual([10, 10, 20, 20]);
  });

  it('refuses wrong lengths, sizes, methods, overlaps and images of nothing', () => {
    const resize = {
      batch: 1,
      inHeight: 2,
      inWidth: 2,
      channels: 1,
      outHeight: 1,
      outWidth: 4,
      method: 'nearest',
    } as const;
    const x = new Float32Array(4);
    expect(() => resizeF32(native, resize, x, new Float32Array(5))).toThrow('resizeF32');
    expect(() => resizeF32(native, resize, x, x)).toThrow('resizeF32');
    expect(() => resizeF32(native, { ...resize, inHeight: -1 }, x, new Float32Array(4))).toThrow('inHeight');
    const unknown = { ...resize, method: 'bicubic' } as unknown as ResizeF32;
    expect(() => resizeF32(native, unknown, x, new Float32Array(4))).toThrow('nearest or bilinear');
    expect(() => resizeF32(native, { ...resize, inWidth: 0 }, new Float32Array(0), new Float32Array(4))).toThrow(
      'at least one pixel',
    );
    expect(() => resizeBackwardF32(native, resize, new Float32Array(4), new Float32Array(3))).toThrow('dx');
  });
});
