import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { type Feeds, loadRuntime, type QuantizeWeightsOptions, quantizeWeights, type Runtime } from '../src/index';

const repository = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const data = join(process.env['BITWRIGHT_SHARED'] ?? join(repository, '..', 'shared'), 'data');
const modelPath = join(data, 'models', 'tinylm_llama_233k.onnx');
const isThere = existsSync(modelPath);
const length = 128;

function tokenFeeds(first: number, count: number): Feeds[] {
  const bytes = readFileSync(join(data, 'tinylm', 'tokens.npy'));
  const start = bytes.byteOffset + 10 + bytes.readUInt16LE(8) + first * length * 8;
  const tokens = new BigInt64Array(bytes.buffer.slice(start, start + count * length * 8));
  return [{ tokens: { type: 'int64', data: tokens, dims: [count, length] } }];
}

/** exp of the mean negative log-likelihood of each next token. */
async function perplexity(runtime: Runtime, model: Uint8Array, [feeds]: Feeds[]): Promise<number> {
  const session = await runtime.createSession(model);
  const logits = Object.values(await session.run(feeds!))[0]!;
  await session.release();
  const [count = 0, , vocabulary = 0] = logits.dims;
  let total = 0;
  for (let r = 0; r < count; r++) {
    for (let t = 0; t + 1 < length; t++) {
      const start = (r * length + t) * vocabulary;
      const scores = (logits.data as Float32Array).subarray(start, start + vocabulary);
      const max = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const sum = scores.reduce((a, b) => a + Math.exp(b - max), 0);
      total += max + Math.log(sum) - scores[Number(feeds!['tokens']!.data[r * length + t + 1])]!;
    }
  }
  return Math.exp(total / (count * (length - 1)));
}

describe.skipIf(!isThere)(`a real language model${isThere ? '' : ' (skipped: no shared/data found)'}`, () => {
  // Limits on perplexity and bytes, as shares of float.
  it.each([
    ['fp16', 1.001, 0.47, {}],
    ['q8', 1.01, 0.34, {}],
    ['q4', 1.05, 0.25, {}],
    ['q4f16', 1.05, 0.2, {}],
    ['q4 by gptq', 1.04, 0.25, { dtype: 'q4', method: 'gptq', calibration: true }],
  ] as const)('%s loses at most this share of perplexity: %f', async (name, limit, share, special) => {
    const runtime = await loadRuntime();
    const float = readFileSync(modelPath);
    const { calibration, ...rest } = { calibration: false, ...special };
    const options: QuantizeWeightsOptions = {
      dtype: name as QuantizeWeightsOptions['dtype'],
      ...rest,
      runtime,
      verifySamples: 0,
      ...(calibration ? { calibration: tokenFeeds(16, 16) } : {}),
    };
    const { model, report } = await quantizeWeights(decodeModel(float), options);
    const quantized = encodeModel(model);
    const feeds = tokenFeeds(0, 16);
    const ratio = (await perplexity(runtime, quantized, feeds)) / (await perplexity(runtime, float, feeds));
    expect(ratio).toBeLessThan(limit);
    expect(quantized.length / float.length).toBeLessThan(share);
    expect(report.weights.filter(({ copies }) => copies > 1).map(({ name: tied }) => tied)).toEqual(
      name === 'fp16' ? [] : ['e.weight'],
    );
  });
});
