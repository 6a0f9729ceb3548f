import type { RequantizationMethod } from '@bitwright/core';
import { loadNativeBackend } from '@bitwright/kernels-native';
import { encodeModel, type Model } from '@bitwright/onnx';
import { loadPackedModel } from '@bitwright/runtime';
import { nativeOperators } from '@bitwright/runtime/native';
import * as ort from 'onnxruntime-node';
import type { ExportCase, SampleSet } from './cases';
import { joined } from './scores';

/** A model in some runtime, on one thread. */
export interface Engine {
  /** The output of one batch, NCHW in. */
  run(data: Float32Array, dims: readonly number[]): Promise<Float32Array>;
  release(): Promise<void>;
}

/** Outputs of every sample, by the names of engines that take each batch in turn. */
export async function runAll(
  { batch }: ExportCase,
  test: SampleSet,
  engines: readonly { readonly name: string; readonly engine: Engine }[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const parts = new Map(engines.map(({ name }): [string, Float32Array[]] => [name, []]));
  for (let start = 0; start < test.count; start += batch) {
    const n = Math.min(batch, test.count - start);
    const x = test.batch(start, n);
    for (const { name, engine } of engines) parts.get(name)?.push(await engine.run(x, [n, ...test.dims]));
  }
  return new Map([...parts].map(([name, list]) => [name, joined(list)]));
}

/** How onnxruntime treats a file: optimized, as written, or optimized without its passes over quantizers. */
export type OrtMode = 'optimized' | 'as written' | 'without quantizer passes';

export async function ortEngine(model: Model, { input, output }: ExportCase, mode: OrtMode): Promise<Engine> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: mode === 'as written' ? 'disabled' : 'all',
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(mode === 'without quantizer passes' ? { extra: { session: { disable_quant_qdq: '1' } } } : {}),
  });
  return {
    async run(data, dims) {
      const result = await session.run({ [input]: new ort.Tensor('float32', data, dims) }, [output]);
      return Float32Array.from(result[output]?.data as Float32Array);
    },
    release: () => session.release(),
  };
}

/**
 * A packed model in integers, on our kernels. Their bits are those of the TypeScript reference.
 *
 * @param requantization Default: what the target of the spec does.
 */
export function integerEngine(
  packed: Uint8Array,
  { input, output }: ExportCase,
  requantization?: RequantizationMethod,
): Engine {
  const model = loadPackedModel(packed, {
    operators: nativeOperators(loadNativeBackend({ threads: 1 })),
    ...(requantization === undefined ? {} : { requantization }),
  });
  return {
    async run(data, dims) {
      const result = model.run({ [input]: { data, shape: dims } })[output];
      if (result === undefined) throw new Error(`the packed model gave no "${output}"`);
      return result.data;
    },
    release: async () => undefined,
  };
}
