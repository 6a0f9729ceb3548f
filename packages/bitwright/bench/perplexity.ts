import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel, encodeModel } from '@bitwright/onnx';
import { type QuantizationReport, quantizeModel, type Runtime } from '@bitwright/ptq';
import { openSamples } from '../src/data/sample-source';
import { modelPath, sharedFolder } from './models';

/** Perplexity of the small language model and of its int8 file, and what stayed in float. */
export async function measurePerplexity(runtime: Runtime): Promise<{
  float: number;
  int8: number;
  sizeShare: number;
  integer: string;
  leftInFloat: QuantizationReport['plan']['float'];
}> {
  const bytes = readFileSync(modelPath('tinylm_llama_233k'));
  const path = join(sharedFolder, 'data/tinylm/tokens.npy');
  const session = await runtime.createSession(bytes);
  const { inputs } = session;
  await session.release();
  const samples = await openSamples([path], { inputs });
  const { model, report } = await quantizeModel(decodeModel(bytes), { calibration: samples, runtime, batchSize: 8 });
  const quantized = encodeModel(model);
  return {
    float: await perplexity(bytes, samples, runtime),
    int8: await perplexity(quantized, samples, runtime),
    sizeShare: quantized.length / bytes.length,
    integer: `${report.runtimeGraph?.integer} of ${(report.runtimeGraph?.integer ?? 0) + (report.runtimeGraph?.float ?? 0)}`,
    leftInFloat: report.plan.float,
  };
}

/** exp of the mean negative log-likelihood of each next token. */
export async function perplexity(
  model: Uint8Array,
  samples: Awaited<ReturnType<typeof openSamples>>,
  runtime: Runtime,
): Promise<number> {
  const session = await runtime.createSession(model);
  let total = 0;
  let count = 0;
  for await (const feeds of samples.batches(8)) {
    const tokens = Object.values(feeds)[0];
    const logits = Object.values(await session.run(feeds))[0];
    if (tokens === undefined || logits === undefined) continue;
    const [rows = 0, length = 0] = tokens.dims;
    const vocabulary = logits.dims[2] ?? 0;
    for (let r = 0; r < rows; r++) {
      for (let t = 0; t + 1 < length; t++) {
        const scores = (logits.data as Float32Array).subarray(
          (r * length + t) * vocabulary,
          (r * length + t + 1) * vocabulary,
        );
        const max = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
        const sum = scores.reduce((a, b) => a + Math.exp(b - max), 0);
        total += max + Math.log(sum) - (scores[Number(tokens.data[r * length + t + 1])] ?? 0);
        count += 1;
      }
    }
  }
  await session.release();
  return Math.exp(total / count);
}
