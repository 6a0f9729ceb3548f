import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';
import { values } from './toy-models';

/** Runs a model on fixed random data of the given input shape. */
export async function run(
  model: Model,
  dims: readonly number[],
  optimization: 'disabled' | 'all' = 'all',
): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(encodeModel(model), { graphOptimizationLevel: optimization });
  const data = values(
    dims.reduce((a, b) => a * b, 1),
    99,
  );
  const results = await session.run({ x: new ort.Tensor('float32', data, dims) });
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]));
}

/** Operator types of the graph as onnxruntime executes it, sorted. */
export async function executedOperators(model: Model): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bitwright-'));
  try {
    const path = join(folder, 'optimized.onnx');
    const session = await ort.InferenceSession.create(encodeModel(model), {
      optimizedModelFilePath: path,
      logSeverityLevel: 3,
    });
    await session.release();
    return (decodeModel(readFileSync(path)).graph?.node ?? []).map((node) => node.opType).sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
