import { fullRange, minMaxObserver, ortX64, type QuantizationSpec, quantize } from '@bitwright/core';
import { planPlacement, writeQdq } from '@bitwright/export';
import { encodeModel, graphIndex, type Model, tensorToFloat32 } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildSpec } from '../build-spec';
import { calibrate } from '../calibrate';
import { loadRuntime, type Runtime } from '../session';
import { verifyExported } from '../verify';
import { residualNetwork, smoothSamples } from './__fixtures__/residual-network';
import { lowBitSchemes } from './low-bit-schemes';
import { type RoundWeightsOptions, roundWeights } from './round-weights';

const model = residualNetwork();
const source = smoothSamples(96, 5);
let runtime: Runtime;
let spec: QuantizationSpec;

beforeAll(async () => {
  runtime = await loadRuntime(ort);
  spec = await specOf(3, 8);
});

async function specOf(weightBits: number, activationBits: number): Promise<QuantizationSpec> {
  const placement = lowBitSchemes(model, planPlacement(model, { target: ortX64 }), { weightBits, activationBits });
  const tensors = [...placement.activations.values()].filter((a) => a.leader === a.tensor).map((a) => a.tensor);
  const { observers } = await calibrate(model, {
    runtime,
    source,
    tensors,
    observer: minMaxObserver,
    batchSize: 32,
    limit: 96,
  });
  const provenance = { tool: { name: 'test', version: '0' } };
  return buildSpec({ model, placement, observers, activationRange: fullRange, weightRange: fullRange, provenance });
}

const round = (options: Partial<RoundWeightsOptions> = {}, from = spec) =>
  roundWeights(model, from, { runtime, source, method: 'gptq', samples: 96, ...options });

/** SQNR in dB of the exported file's output against float, on samples that were not used for rounding. */
async function quality(rounded: Model, of: QuantizationSpec): Promise<number> {
  const file = encodeModel(writeQdq(rounded, of, ortX64));
  const fresh = smoothSamples(64, 1234);
  const result = await verifyExported(encodeModel(model), file, { runtime, source: fresh, batchSize: 32, limit: 64 });
  return result.outputs[0]!.sqnrDb;
}

describe('roundWeights', () => {
  it('brings the exported file closer to float than round-to-nearest, with either method', async () => {
    const nearest = await quality(model, spec);
    for (const method of ['gptq', 'adaround'] as const) {
      const { model: rounded, spec: revised } = await round({ method });
      expect(await quality(rounded, revised)).toBeGreaterThan(nearest + 4);
    }
  });

  it('gives weights that round-to-nearest leaves where they are', async () => {
    const { model: rounded, spec: revised } = await round();
    const index = graphIndex(rounded.graph!);
    for (const [name, { role, scheme, qparams }] of Object.entries(revised.tensors)) {
      if (role !== 'weight') continue;
      const tensor = index.initializer(name)!;
      const data = tensorToFloat32(tensor);
      const shape = tensor.dims.map(Number);
      const exact = quantize({ data, shape }, scheme, qparams);
      const nudged = quantize({ data: data.map((v) => v * (1 + 2 ** -22)), shape }, scheme, qparams);
      expect(exact).toEqual(nudged);
    }
  });

  it('reports errors that never exceed those of round-to-nearest, and reconstructs the sum behind a layer', async () => {
    const { layers } = await round();
    expect(layers.map((layer) => layer.node)).toEqual(['stem', 'depthwise', 'pointwise', 'Gemm_y']);
    expect(layers.map((layer) => layer.target)).toEqual(['output', 'output', 'sum', 'output']);
    for (const layer of layers) expect(layer.error!).toBeLessThanOrEqual(layer.nearestError! + 1e-12);
  });

  it('gives equal bytes twice, and the same without keeping values between layers', async () => {
    const [a, b, c] = [await round(), await round(), await round({ cacheBytes: 0 })];
    expect(encodeModel(a.model)).toEqual(encodeModel(b.model));
    expect(a.spec).toEqual(b.spec);
    expect(encodeModel(a.model)).toEqual(encodeModel(c.model));
  });

  it('keeps bias scales in step with weight scales', async () => {
    const { spec: revised } = await round();
    for (const tensor of Object.values(revised.tensors)) {
      if (tensor.role !== 'bias') continue;
      const [x, w] = tensor.origin.from!.map((name) => revised.tensors[name]!.qparams.scale);
      expect([...tensor.qparams.scale]).toEqual([...w!].map((s) => Math.fround(x![0]! * s)));
    }
  });

  it('works from the float prefix alone', async () => {
    const { model: rounded, spec: revised, layers } = await round({ reconstruction: 'symmetric' });
    expect(layers.every((layer) => layer.target === 'output')).toBe(true);
    expect(await quality(rounded, revised)).toBeGreaterThan((await quality(model, spec)) + 2);
  });

  it('leaves biases and scales where asked', async () => {
    const { model: rounded, spec: revised } = await round({ correctBiases: false, rescale: false });
    expect(revised.tensors['pointwise.w']!.qparams).toEqual(spec.tensors['pointwise.w']!.qparams);
    const biasOf = (m: Model) => graphIndex(m.graph!).initializer('pointwise.b');
    expect(biasOf(rounded)).toBe(biasOf(model));
  });

  it('makes up for 4-bit activations too, on a file that saturates at 15', async () => {
    const narrow = await specOf(4, 4);
    const { model: rounded, spec: revised } = await round({}, narrow);
    expect(await quality(rounded, revised)).toBeGreaterThan((await quality(model, narrow)) + 1);
  });

  it('stops when cancelled and refuses options outside their range', async () => {
    await expect(round({ signal: AbortSignal.abort() })).rejects.toThrow(/cancel/);
    await expect(round({ samples: 0 })).rejects.toThrow(/samples to be a positive integer/);
  });
});
