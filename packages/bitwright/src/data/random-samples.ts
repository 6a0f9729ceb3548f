import { elementCount, InvalidArgumentError } from '@bitwright/core';
import type { Feeds, FeedTensor, SampleSource } from '@bitwright/ptq';
import { createElements } from './element-type';
import { numberToHalf } from './half-float';
import { inputType, isFixed, type ModelInput, printShape } from './model-input';
import { createNormal, createRandom } from './seeded-random';

export interface RandomSamplesOptions {
  /** Number of samples; default 32, rounded up to whole batches of a fixed batch size. */
  readonly count?: number | undefined;
  readonly seed?: number | undefined;
  /** Sizes of one sample where the model leaves them free, by input name. */
  readonly sampleDims?: Readonly<Record<string, readonly number[]>> | undefined;
}

/**
 * Random samples, for trying a model without data: floats from the standard normal distribution, integers 0 or 1.
 * Ranges calibrated on them say nothing about real data.
 *
 * @throws {InvalidArgumentError} when an input's sample shape is not fixed and not given
 */
export function generateRandomSamples(inputs: readonly ModelInput[], options: RandomSamplesOptions = {}): SampleSource {
  const { count: wanted = 32, seed = 0, sampleDims = {} } = options;
  if (!Number.isSafeInteger(wanted) || wanted < 1) {
    throw new InvalidArgumentError({
      operation: '[bitwright] generate random samples',
      expected: 'a positive number of samples',
      received: `${wanted}`,
    });
  }
  const shapes = inputs.map((input) => completeDims(input, sampleDims[input.name]));
  const group = Math.max(1, ...inputs.map((input) => (isFixed(input.dims[0]) ? input.dims[0] : 1)));
  const count = Math.ceil(wanted / group) * group;
  const isFixedBatch = inputs.some((input) => input.dims.length === 0 || isFixed(input.dims[0]));
  return Object.freeze({
    length: count,
    description: `${count} random samples (seed ${seed})`,
    async *batches(batchSize: number): AsyncGenerator<Feeds> {
      const random = createRandom(seed);
      const step = isFixedBatch ? group : Math.max(1, batchSize);
      for (let start = 0; start < count; start += step) {
        const rows = Math.min(step, count - start);
        yield Object.fromEntries(
          inputs.map((input, index) => {
            const dims = input.dims.length === 0 ? [] : [isFixed(input.dims[0]) ? input.dims[0] : rows];
            return [input.name, randomTensor(input, [...dims, ...(shapes[index] ?? [])], random)];
          }),
        );
      }
    },
  });
}

function completeDims(input: ModelInput, given: readonly number[] | undefined): readonly number[] {
  const declared = input.dims.slice(1);
  const dims = declared.map((dim, axis) => (isFixed(dim) ? dim : given?.[axis]));
  const complete = dims.filter((dim) => dim !== undefined);
  if (complete.length === dims.length) return complete;
  throw new InvalidArgumentError({
    operation: '[bitwright] generate random samples',
    expected: `sizes for every axis of input '${input.name}'`,
    received: printShape(input.dims),
    hint: 'Give the shape of one sample with --shape.',
  });
}

function randomTensor(input: ModelInput, dims: readonly number[], random: () => number): FeedTensor {
  const type = inputType(input);
  const data = createElements(type, elementCount(dims));
  const target: Record<number, number | bigint> = data;
  const normal = createNormal(random);
  const isFloat = type.startsWith('float');
  const isWide = type === 'int64' || type === 'uint64';
  for (let index = 0; index < data.length; index++) {
    if (isFloat) target[index] = type === 'float16' ? numberToHalf(normal()) : normal();
    else target[index] = isWide ? BigInt(Math.floor(random() * 2)) : Math.floor(random() * 2);
  }
  return { type, dims, data };
}
