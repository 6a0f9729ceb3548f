import { encodeModel, type Model } from '@bitwright/onnx';
import * as ort from 'onnxruntime-node';

/** Feeds by input name. */
export type Feeds = Readonly<Record<string, ort.Tensor>>;

/** Outputs by name: sizes and values. */
export type Outputs = Readonly<
  Record<string, { readonly dims: readonly number[]; readonly data: ArrayLike<number | bigint> }>
>;

/** Runs a model once. `disabled` executes the graph as written, `all` is what users get. */
export async function runModel(model: Model, feeds: Feeds, level: 'disabled' | 'all' = 'disabled'): Promise<Outputs> {
  const session = await ort.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: level,
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  const outputs = await session.run(feeds);
  await session.release();
  return outputs as unknown as Outputs;
}

/** Deterministic float input: values of a sine, so neither constant nor symmetric. */
export function sineTensor(dims: readonly number[], step = 0.37): ort.Tensor {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return new ort.Tensor(
    'float32',
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * step) * 1.5),
    [...dims],
  );
}

/** Deterministic token ids below `limit`. */
export function tokenTensor(dims: readonly number[], limit = 50): ort.Tensor {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return new ort.Tensor(
    'int64',
    BigInt64Array.from({ length: count }, (_, i) => BigInt((i * 7) % limit)),
    [...dims],
  );
}

/** Largest difference over all outputs, relative to the largest magnitude of the output; Infinity when sizes differ. */
export function relativeDifference(a: Outputs, b: Outputs): number {
  let worst = 0;
  for (const name of Object.keys(a)) {
    const left = a[name];
    const right = b[name];
    if (left === undefined || right === undefined || left.dims.join() !== right.dims.join())
      return Number.POSITIVE_INFINITY;
    let difference = 0;
    let magnitude = 0;
    for (let i = 0; i < left.data.length; i += 1) {
      const [x, y] = [Number(left.data[i]), Number(right.data[i])];
      if (!Object.is(x, y))
        difference = Math.max(difference, Number.isNaN(x - y) ? Number.POSITIVE_INFINITY : Math.abs(x - y));
      magnitude = Math.max(magnitude, Math.abs(x));
    }
    worst = Math.max(worst, difference === 0 ? 0 : difference / Math.max(magnitude, Number.MIN_VALUE));
  }
  return worst;
}
