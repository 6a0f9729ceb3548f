import { describe, expect, it } from 'vitest';
import { int8 } from '../dtype';
import { int8Weight } from '../presets';
import { quantize } from '../quantize';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { apotFormat, apotScheme } from './apot';
import { codebookFormat, codebookScheme } from './codebook';

describe('codebookFormat', () => {
  it('takes the nearest level and numbers levels from 0', () => {
    const scheme = codebookScheme({ levels: [-4, -1, 0, 2], scaleRule: 'none' });
    const params = codebookFormat.chooseParams(view([1]), scheme);
    // Thresholds −2.5, −0.5, 1: half-way goes away from 0.
    const x = view([-9, -2.5, -2.4, -0.5, -0.4, 0.9, 1, 5]);
    expect([...codebookFormat.quantize(x, scheme, params)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect([...codebookFormat.fakeQuantize(x, scheme, params)]).toEqual([-4, -4, -1, -1, 0, 0, 2, 2]);
    expect(codebookFormat.codeType(scheme).name).toBe('uint2');
  });

  it('scales the largest level to absmax', () => {
    const scheme = codebookScheme({ levels: [-2, 0, 1] });
    expect([...codebookFormat.chooseParams(view([3, -1]), scheme).scale]).toEqual([1.5]);
  });

  it('refuses values so far from its levels that no float32 scale fits', () => {
    const tiny = codebookScheme({ levels: [0, 1e-30] });
    expect(() => codebookFormat.chooseParams(view([1e20]), tiny)).toThrow(/finite float32, received scale 1.0000000/);
  });

  it('contains the other formats: uniform levels and additive powers of two', () => {
    const x = view(Array.from({ length: 500 }, (_, i) => Math.cos(i * 2.3) * 150));
    const unit = { scale: Float32Array.of(1) };
    const uniform = codebookScheme({ levels: Array.from({ length: 255 }, (_, i) => i - 127), scaleRule: 'none' });
    const away = linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true, rounding: 'halfAway' });
    const linear = quantize(x, away, { ...unit, zeroPoint: Int32Array.of(0) });
    expect(int8Weight.qmin).toBe(-127);
    expect([...codebookFormat.quantize(x, uniform, unit)].map((code) => code - 127)).toEqual([...linear]);

    const apot = apotScheme({ bits: 4 });
    const codes = Array.from({ length: 15 }, (_, i) => i - 7);
    const levels = [...apotFormat.dequantize(codes, [15], apot, unit)];
    const scale = { scale: Float32Array.of(128) };
    const asCodebook = codebookFormat.fakeQuantize(x, codebookScheme({ levels }), scale);
    expect(asCodebook).toEqual(apotFormat.fakeQuantize(x, apot, scale));
  });
});
