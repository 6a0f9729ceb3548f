import { QuantError } from '@bitwright/core';
import { encodeModel, type Model } from '@bitwright/onnx';
import type { SampleSource } from '../feeds';
import type { OnProgress } from '../progress';
import type { Runtime } from '../session';
import { type Verification, verifyExported } from '../verify';
import { madeUpFeeds } from './made-up-feeds';

export interface VerifyWeightsOptions {
  readonly runtime: Runtime;
  /** Samples to compare on; undefined: made-up inputs. */
  readonly source: SampleSource | undefined;
  readonly batchSize: number;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** The comparison, or why there is none although the file loads. */
export interface WeightVerification {
  readonly verification: (Verification & { readonly data: string }) | undefined;
  readonly warning: string | undefined;
}

/**
 * Loads the quantized model, runs it beside the float one and compares. Without samples the inputs are made up; when the float model
 * cannot run on those, only loading is checked, and the warning says so.
 *
 * @throws {RuntimeError} when the quantized model does not load, or does not run where the float model does
 */
export async function verifyWeights(
  float: Model,
  quantized: Model,
  options: VerifyWeightsOptions,
): Promise<WeightVerification> {
  const { runtime, source } = options;
  const floatBytes = encodeModel(float);
  const quantizedBytes = encodeModel(quantized);
  if (source !== undefined) {
    const verification = await verifyExported(floatBytes, quantizedBytes, { ...options, source });
    return { verification: { ...verification, data: source.description }, warning: undefined };
  }
  const session = await runtime.createSession(floatBytes);
  const data = 'made-up inputs';
  const made: SampleSource = {
    length: undefined,
    description: data,
    async *batches() {
      for (let seed = 1; seed <= 4; seed++) yield madeUpFeeds(float, session.inputs, seed);
    },
  };
  try {
    for await (const feeds of made.batches(1)) await session.run(feeds);
  } catch (error) {
    const loaded = await runtime.createSession(quantizedBytes);
    await loaded.release();
    const cause = QuantError.isInstance(error) ? (error.message.split('\n')[0] ?? '') : String(error);
    const warning = `the file loads, but was not compared with float: the float model does not run on made-up inputs (${cause}); pass samples`;
    return { verification: undefined, warning };
  } finally {
    await session.release();
  }
  const verification = await verifyExported(floatBytes, quantizedBytes, { ...options, source: made });
  return { verification: { ...verification, data }, warning: undefined };
}
