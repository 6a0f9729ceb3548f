import { describe, expect, it } from 'vitest';
import { measurePeak } from '../src/index';
import { nativeBackends } from './native-contexts';

const { backends, skipped } = nativeBackends(1);

describe.skipIf(backends.length === 0)(`measurePeak${skipped}`, () => {
  it.each(backends.map((backend) => [backend.isa, backend] as const))('finds positive limits on %s', (isa, native) => {
    const peak = measurePeak(native, 0);
    expect(peak).toMatchObject({ isa, threads: 1 });
    for (const rate of [peak.f32, peak.i8, peak.shift, peak.b1, peak.copy, peak.read])
      expect(rate).toBeGreaterThan(1e6);
  });

  it('refuses a time that is no time', () => {
    expect(() => measurePeak(backends[0] as never, Number.NaN)).toThrow(/seconds within/);
  });
});
