import { fullRange, minMaxObserver, ortX64, type QuantizationSpec } from '@bitwright/core';
import { planPlacement } from '@bitwright/export';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildSpec } from '../build-spec';
import { calibrate } from '../calibrate';
import { loadRuntime, type Runtime } from '../session';
import { residualNetwork, smoothSamples } from './__fixtures__/residual-network';
import { lowBitSchemes } from './low-bit-schemes';
import { roundThroughNoise } from './round-through-noise';
import { roundWeights } from './round-weights';

const model = residualNetwork();
const source = smoothSamples(48, 5);
let runtime: Runtime;

beforeAll(async () => {
  runtime = await loadRuntime(ort);
});

async function specOf(weightBits: number, activationBits: number): Promise<QuantizationSpec> {
  const bits = { weightBits, activationBits, keepFirstAndLast: false };
  const placement = lowBitSchemes(model, planPlacement(model, { target: ortX64 }), bits);
  const tensors = [...placement.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
  const options = { runtime, source, tensors, observer: minMaxObserver, batchSize: 16, limit: 48 };
  const { observers } = await calibrate(model, options);
  const provenance = { tool: { name: 'test', version: '0' } };
  return buildSpec({ model, placement, observers, activationRange: fullRange, weightRange: fullRange, provenance });
}

const options = () => ({ runtime, source, method: 'gptq', samples: 48 }) as const;

describe('roundThroughNoise', () => {
  it('fits to real inputs where they are close to float', async () => {
    const spec = await specOf(4, 8);
    const rounded = await roundThroughNoise(model, spec, options());
    expect(rounded.reconstruction).toBe('asymmetric');
    const direct = await roundWeights(model, spec, options());
    expect(rounded.layers.map(({ error }) => error)).toEqual(direct.layers.map(({ error }) => error));
  });

  it('fits to float inputs where two-bit activations leave little of them', async () => {
    const rounded = await roundThroughNoise(model, await specOf(4, 2), options());
    expect(rounded.reconstruction).toBe('symmetric');
  });
});
