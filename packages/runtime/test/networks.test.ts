import { findTarget } from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import { encodeModel, type Model } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { loadPackedModel } from '../src/index';
import { networks } from './networks';
import { packed, sizeOf, specFor, values } from './toy-network';

async function onnxruntime(
  model: Model,
  data: Float32Array,
  dims: readonly number[],
  graphOptimizationLevel: 'all' | 'disabled',
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel,
    logSeverityLevel: 3,
  });
  const results = await session.run({ x: new ort.Tensor('float32', data, dims) });
  await session.release();
  return results['y']!.data as Float32Array;
}

function largest(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
}

describe.each(Object.entries(networks))('%s', (_, network) => {
  const { model, dims } = network;
  const data = values(sizeOf(dims), 7);
  const x = { data, shape: dims };

  it('computes what onnxruntime computes when nothing is quantized', async () => {
    const bytes = packed(model, {
      version: 1,
      target: 'ort-x64',
      tensors: {},
      nodes: {},
      provenance: { tool: { name: 'test', version: '0' } },
    });
    const expected = await onnxruntime(model, data, dims, 'disabled');
    const { y } = loadPackedModel(bytes).run({ x });
    expect(largest(y!.data, expected)).toBeLessThan(1e-5 * Math.max(1, ...expected.map(Math.abs)));
  });

  it.each(['ort-x64', 'tensorrt-11'])('stays within a code of the quantized graph of %s', async (id) => {
    const target = findTarget(id);
    const spec = specFor(network, target, data);
    const expected = await onnxruntime(writeQdq(model, spec, target), data, dims, 'disabled');
    const { y } = loadPackedModel(packed(model, spec)).run({ x });
    // A rounding on a tie moves one code of one tensor by one; the last product sums some of them.
    const range = Math.max(...expected) - Math.min(...expected);
    expect(largest(y!.data, expected)).toBeLessThan(0.02 * range);
    const different = y!.data.reduce((count, v, i) => count + (Math.abs(v - expected[i]!) < 1e-4 * range ? 0 : 1), 0);
    expect(different / expected.length).toBeLessThan(0.05);
  });
});
