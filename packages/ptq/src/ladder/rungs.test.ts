import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { QuantizeOptions } from '../quantize-options';
import { residualNetwork, smoothSamples } from '../rounding/__fixtures__/residual-network';
import { loadRuntime } from '../session';
import { ladderRungs } from './rungs';

const names = async (options: Partial<QuantizeOptions>): Promise<readonly string[]> => {
  const runtime = await loadRuntime(ort);
  const base = { calibration: smoothSamples(4, 1), target: 'ort-x64', bits: 'w4a8', ...options };
  return ladderRungs(residualNetwork(), base, runtime).map(({ name }) => name);
};

describe('ladderRungs', () => {
  it('tries what the options leave open', async () => {
    expect(await names({})).toEqual([
      'as asked for',
      'equalization',
      'bias correction',
      'measured ranges',
      'worst layer in float',
      '2 worst layers in float',
      '4 worst layers in float',
      'adaptive rounding (gptq)',
      'adaptive rounding (adaround)',
    ]);
  });

  it('tries nothing that they contain', async () => {
    const done = { equalize: true, correctBias: true, activationRange: 'auto', weightRange: 'auto' };
    const left = await names(done);
    for (const name of ['equalization', 'bias correction', 'measured ranges']) expect(left).not.toContain(name);
    expect((await names({ rounding: 'gptq' })).join()).not.toMatch(/rounding|bias/);
  });

  it('does not correct biases where that was ruled out', async () => {
    expect(await names({ correctBias: false })).not.toContain('bias correction');
  });
});
