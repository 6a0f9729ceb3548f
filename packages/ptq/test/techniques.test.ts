import { describe, expect, it } from 'vitest';
import { loadRuntime, parseBits, type QuantizeOptions, quantizeModel } from '../src';
import { toyFeeds, toyModel } from './toy-model';

const runtime = await loadRuntime();
const base = { calibration: toyFeeds(16), runtime, target: 'ort-x64' } as const;

async function sqnr(changes: Partial<QuantizeOptions>): Promise<number> {
  const { report } = await quantizeModel(toyModel(), { ...base, ...changes });
  return report.verification?.outputs[0]?.sqnrDb ?? Number.NaN;
}

const low = { weightBits: 3, keepFirstAndLast: false };

describe('quantizeModel with techniques', () => {
  it('loses precision at 3-bit weights, and adaptive rounding wins part of it back', async () => {
    const nearest = await sqnr({ bits: low });
    expect(nearest).toBeLessThan((await sqnr({})) - 6);
    expect(await sqnr({ bits: low, rounding: 'gptq' })).toBeGreaterThan(nearest);
    expect(await sqnr({ bits: low, rounding: 'adaround' })).toBeGreaterThan(nearest);
  });

  it('keeps low-bit weights on integer kernels', async () => {
    const { report, spec } = await quantizeModel(toyModel(), { ...base, bits: low });
    expect(report.runtimeGraph?.float).toBe(0);
    expect(spec.tensors['w2']?.scheme).toMatchObject({ qmin: -4, qmax: 3 });
  });

  it('corrects biases, new ones included, and says so', async () => {
    const { report } = await quantizeModel(toyModel(), { ...base, bits: low, correctBias: true });
    expect(report.refinement).toEqual([expect.stringMatching(/^bias correction of \d layers$/)]);
    expect(report.runtimeGraph?.float).toBe(0);
    expect(report.verification?.outputs[0]?.sqnrDb).toBeGreaterThan(await sqnr({ bits: low }));
  });

  it('equalizes and quantizes per tensor on request', async () => {
    const { report, spec } = await quantizeModel(toyModel(), { ...base, equalize: true, perChannel: false });
    expect(spec.tensors['w2']?.scheme.granularity).toEqual({ kind: 'perTensor' });
    expect(report.runtimeGraph?.float).toBe(0);
  });

  it('reads bits from their short form', () => {
    expect(parseBits('W4A4')).toEqual({ weightBits: 4, activationBits: 4 });
    expect(parseBits('w3')).toEqual({ weightBits: 3, activationBits: 8 });
    expect(parseBits('w8a8')).toBeUndefined();
    expect(() => parseBits('int4')).toThrow(/w4a8/);
  });
});
