import { InputDataError } from '@bitwright/core';
import type { Feeds } from '../feeds';
import { reportPhase, throwIfAborted } from '../progress';
import { limitedBatches, sampleCount } from '../sample-source';
import type { Runtime, Session, SessionTensor } from '../session';
import { addChannelErrors, type ChannelErrors, createChannelErrors } from './channel-errors';
import type { OutputErrors } from './comparison';
import type { MeasureOptions } from './measure-cumulative';
import { realValues } from './real-values';
import { finishTensorErrors } from './tensor-errors';

/** What was measured at the outputs, and the first feeds for whoever needs shapes. */
export interface OutputComparisons {
  readonly outputs: readonly OutputErrors[];
  readonly samples: number;
  readonly firstFeeds: Feeds | undefined;
  /** Outputs left out, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Compares the outputs of both models as users run them: with every optimization of the runtime.
 *
 * @throws {InputDataError} when the inputs of the models differ
 * @throws {RuntimeError} when the runtime refuses a model or a run
 */
export async function compareOutputs(
  runtime: Runtime,
  float: Uint8Array,
  quantized: Uint8Array,
  { source, batchSize, samples: limit, signal, onProgress }: MeasureOptions,
): Promise<OutputComparisons> {
  const notes: string[] = [];
  const reference = await runtime.createSession(float);
  const tested = await runtime.createSession(quantized);
  const outputs = reference.outputs.filter((name) => tested.outputs.includes(name));
  for (const name of reference.outputs) {
    if (!outputs.includes(name)) notes.push(`output "${name}" is not compared: the quantized model does not have it`);
  }
  const sums = new Map(outputs.map((output): [string, ChannelErrors] => [output, createChannelErrors(1)]));
  const total = source.length === undefined ? undefined : Math.min(source.length, limit);
  const progress = reportPhase('verify', total, onProgress);
  let samples = 0;
  let firstFeeds: Feeds | undefined;
  try {
    assertSameInputs(reference, tested);
    for await (const feeds of limitedBatches(source, batchSize, limit)) {
      throwIfAborted(signal, 'verify');
      firstFeeds ??= feeds;
      const expected = await reference.run(feeds);
      const actual = await tested.run(feeds);
      for (const output of outputs) {
        const [a, b] = [expected[output], actual[output]];
        const sum = sums.get(output);
        if (a === undefined || b === undefined || sum === undefined) continue;
        if (!a.type.startsWith('float') || a.data.length !== b.data.length) {
          sums.delete(output);
          const [left, right] = [a, b].map((tensor) => `${tensor.type}[${tensor.dims.join(',')}]`);
          notes.push(`output "${output}" is not compared: ${left} in the float model, ${right} in the quantized one`);
        } else addChannelErrors(sum, realValues(a), realValues(b), a.data.length);
      }
      samples += sampleCount(feeds);
      progress.advance(sampleCount(feeds));
    }
  } finally {
    await reference.release();
    await tested.release();
  }
  return {
    outputs: [...sums].map(([output, sum]) => ({ output, ...finishTensorErrors(sum) })),
    samples,
    firstFeeds,
    notes,
  };
}

// — internals —

function assertSameInputs(float: Session, quantized: Session): void {
  for (const input of quantized.inputs) {
    const twin = float.inputs.find(({ name }) => name === input.name);
    const isAlike =
      twin?.dims.length === input.dims.length &&
      input.dims.every((dim, axis) => {
        const other = twin.dims[axis];
        return typeof dim !== 'number' || typeof other !== 'number' || dim === other;
      });
    if (isAlike) continue;
    throw new InputDataError({
      operation: '[ptq] compareModels',
      expected: `a float model and a quantized one made from it, with the same inputs (${float.inputs.map(describeInput).join(', ')})`,
      received: `an input ${describeInput(input)} of the quantized one`,
      hint: 'Check that both files are of the same network.',
    });
  }
}

function describeInput({ name, type, dims }: SessionTensor): string {
  return `"${name}" ${type}[${dims.map((dim) => dim ?? '?').join(',')}]`;
}
