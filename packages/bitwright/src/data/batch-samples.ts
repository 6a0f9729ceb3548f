import { elementCount, InvalidArgumentError } from '@bitwright/core';
import type { FeedArray, Feeds, FeedTensor } from '@bitwright/ptq';
import { createElements } from './element-type';
import type { SampleValues } from './indexed-source';
import { isFixed, type ModelInput } from './model-input';

/** A sample and its place in the data, counted from 0 before shuffling. */
export interface NumberedSample {
  readonly index: number;
  readonly values: SampleValues;
}

/** One run of the model and the places of the samples in it, in the order of the rows. */
export interface IndexedBatch {
  readonly feeds: Feeds;
  readonly indices: readonly number[];
}

/**
 * The one batch size the inputs fix, or undefined where it is free.
 *
 * @throws {InvalidArgumentError} when two inputs that are fed in rows fix different ones
 */
export function fixedBatchSize(inputs: readonly ModelInput[], values: SampleValues): number | undefined {
  const sizes = inputs
    .filter((input) => values.get(input.name)?.dims.length === input.dims.length - 1)
    .map((input) => input.dims[0])
    .filter(isFixed);
  const [first] = sizes;
  if (sizes.every((size) => size === first)) return first;
  throw new InvalidArgumentError({
    operation: '[bitwright] batch samples',
    expected: 'the same fixed batch size for every input',
    received: inputs.map((input) => `${input.dims[0]} for '${input.name}'`).join(', '),
    hint: 'Give samples of the complete input shape for inputs whose first axis is not the batch.',
  });
}

/**
 * Stacks samples of equal shapes into batches of `batchSize`, or of the size the model fixes.
 * A sample that is a whole feed is one batch. `onDropped` hears of samples that do not fill a fixed batch.
 */
export async function* batchSamples(
  samples: AsyncIterable<NumberedSample>,
  inputs: readonly ModelInput[],
  batchSize: number,
  onDropped: (indices: readonly number[], fixedSize: number) => void,
): AsyncGenerator<IndexedBatch> {
  let pending: NumberedSample[] = [];
  let shapes = '';
  let fixed: number | undefined;
  const flush = (): IndexedBatch | undefined => {
    const group = pending;
    pending = [];
    if (group.length === 0) return undefined;
    if (fixed === undefined || group.length === fixed) return stack(group, inputs);
    onDropped(
      group.map((sample) => sample.index),
      fixed,
    );
    return undefined;
  };
  for await (const sample of samples) {
    const key = inputs.map((input) => sample.values.get(input.name)?.dims.join(',')).join(';');
    if (key !== shapes) {
      const batch = flush();
      if (batch !== undefined) yield batch;
      shapes = key;
      fixed = fixedBatchSize(inputs, sample.values);
    }
    pending.push(sample);
    const isWhole = inputs.some((input) => sample.values.get(input.name)?.dims.length === input.dims.length);
    if (pending.length < (fixed ?? (isWhole ? 1 : Math.max(1, batchSize)))) continue;
    const batch = flush();
    if (batch !== undefined) yield batch;
  }
  const last = flush();
  if (last !== undefined) yield last;
}

function stack(group: readonly NumberedSample[], inputs: readonly ModelInput[]): IndexedBatch {
  const feeds = Object.fromEntries(
    inputs.map((input) => {
      const tensors = group.map((sample) => sample.values.get(input.name)).filter((tensor) => tensor !== undefined);
      return [input.name, stackTensors(tensors, input)];
    }),
  );
  return { feeds, indices: group.map((sample) => sample.index) };
}

function stackTensors(tensors: readonly FeedTensor[], input: ModelInput): FeedTensor {
  const [first] = tensors;
  if (first === undefined) throw new RangeError(`no value for input ${input.name}`);
  if (first.dims.length === input.dims.length) {
    if (tensors.length === 1) return first;
    throw new InvalidArgumentError({
      operation: '[bitwright] batch samples',
      expected: `samples without the batch axis for input '${input.name}'`,
      received: `complete inputs of shape [${first.dims.join(',')}] beside inputs of a fixed batch size`,
    });
  }
  const dims = [tensors.length, ...first.dims];
  if (tensors.length === 1) return { type: first.type, dims, data: first.data };
  const size = elementCount(first.dims);
  const data = createElements(first.type, tensors.length * size);
  for (const [row, tensor] of tensors.entries()) setElements(data, tensor.data, row * size);
  return { type: first.type, dims, data };
}

/** Source and target have the same element type. */
function setElements(target: FeedArray, source: FeedArray, offset: number): void {
  (target as Float32Array).set(source as Float32Array, offset);
}
