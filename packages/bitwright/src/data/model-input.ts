import { elementCount, InputDataError, InvalidArgumentError } from '@bitwright/core';
import type { FeedType } from '@bitwright/ptq';
import { isFeedType } from './element-type';

/** What a model declares about one of its inputs. */
export interface ModelInput {
  readonly name: string;
  /** Element type as onnxruntime spells it, e.g. `float32`. */
  readonly type: string;
  /** First the samples axis; a name or undefined where the size is free. */
  readonly dims: readonly (number | string | undefined)[];
}

/** Element type of an input as a feed type. @throws {InvalidArgumentError} when samples cannot have it */
export function inputType(input: ModelInput): FeedType {
  if (isFeedType(input.type)) return input.type;
  throw new InvalidArgumentError({
    operation: '[bitwright] open samples',
    expected: `a numeric element type for input '${input.name}'`,
    received: input.type,
  });
}

/** `[N,3,32,32]`; free sizes print their name or `?`. */
export function printShape(dims: readonly (number | string | undefined)[]): string {
  return `[${dims.map((dim) => dim ?? '?').join(',')}]`;
}

/** Whether concrete sizes fit declared ones: equal wherever the declared size is a number. */
export function dimsFit(dims: readonly number[], declared: ModelInput['dims']): boolean {
  return (
    dims.length === declared.length && dims.every((dim, axis) => !isFixed(declared[axis]) || declared[axis] === dim)
  );
}

/** Sizes of one sample (all axes but the first) when every one of them is fixed. */
export function fixedSampleDims(input: ModelInput): readonly number[] | undefined {
  const dims = input.dims.slice(1).filter(isFixed);
  return dims.length === input.dims.length - 1 ? dims : undefined;
}

/** Whether a declared size is a number; exporters also write 0 and −1 for a free size. */
export function isFixed(dim: number | string | undefined): dim is number {
  return typeof dim === 'number' && dim > 0;
}

/**
 * How one sample of sizes `dims` is fed to `input`.
 *
 * - `row`: dims are the input's without the first axis; rows stack into batches
 * - `squeeze`: the same behind a first axis of 1, which is dropped
 * - `whole`: dims are the complete input (a recurrent state [2,1,64], or a fixed batch); one run per sample
 *
 * @throws {InputDataError} with both shapes when none fits
 */
export function fitSample(dims: readonly number[], input: ModelInput, source: string): 'row' | 'squeeze' | 'whole' {
  if (input.dims.length > 0 && dimsFit(dims, input.dims.slice(1))) return 'row';
  if (input.dims.length > 0 && dims[0] === 1 && dimsFit(dims.slice(1), input.dims.slice(1))) return 'squeeze';
  const isComplete = input.dims.length === 0 || isFixed(input.dims[0]);
  if (isComplete && dimsFit(dims, input.dims)) return 'whole';
  throw shapeMismatch(`samples of shape ${printShape(dims)}`, [dims], input, source);
}

/**
 * How a stored array whose first axis may be the samples feeds `input`: the samples' sizes and their number.
 *
 * @throws {InputDataError} with both shapes when the array does not fit
 */
export function fitArray(
  dims: readonly number[],
  input: ModelInput,
  source: string,
): { readonly count: number; readonly sampleDims: readonly number[]; readonly isSingle: boolean } {
  const rank = input.dims.length;
  const [count = 1, ...rest] = dims;
  const isSingle = rank > 0 && dims.length === rank - 1;
  if (isSingle && dimsFit(dims, input.dims.slice(1))) return { count: 1, sampleDims: dims, isSingle };
  if (dims.length === rank && rank > 0 && dimsFit(rest, input.dims.slice(1))) {
    return { count, sampleDims: rest, isSingle: false };
  }
  if (dims.length === rank + 1) {
    fitSample(rest, input, source);
    return { count, sampleDims: rest, isSingle: false };
  }
  throw shapeMismatch(`data of shape ${printShape(dims)}`, [rest, dims], input, source);
}

function shapeMismatch(
  received: string,
  samples: readonly (readonly number[])[],
  input: ModelInput,
  source: string,
): InputDataError {
  const hints = samples.flatMap((sample) => layoutHint(sample, input) ?? sizeHint(sample, input) ?? []);
  return new InputDataError({
    operation: '[bitwright] open samples',
    expected: `data of shape ${printShape(input.dims)} for input '${input.name}' (the first axis is the samples)`,
    received: `${received} from ${source}`,
    hint: hints[0],
  });
}

function layoutHint(sample: readonly number[], input: ModelInput): string | undefined {
  if (sample.length !== 3 || input.dims.length !== 4) return undefined;
  const [first = 0, second = 0, third = 0] = sample;
  const declared = input.dims.slice(1);
  const swap = 'or, for uint8 images, give --preprocess with --layout';
  if (dimsFit([third, first, second], declared)) {
    return `The data look like NHWC and the model takes NCHW: transpose them to (N,C,H,W), ${swap} nchw.`;
  }
  if (dimsFit([second, third, first], declared)) {
    return `The data look like NCHW and the model takes NHWC: transpose them to (N,H,W,C), ${swap} nhwc.`;
  }
  return undefined;
}

function sizeHint(sample: readonly number[], input: ModelInput): string | undefined {
  const fixed = fixedSampleDims(input);
  if (fixed === undefined) return undefined;
  if (elementCount(fixed) === elementCount(sample) && sample.length !== fixed.length) {
    return `The number of elements fits: reshape the samples to ${printShape(fixed)}.`;
  }
  if (fixed.length !== 3 || sample.length !== 3) return undefined;
  const [height, width] = (fixed[0] ?? 0) <= 4 ? [fixed[1], fixed[2]] : [fixed[0], fixed[1]];
  return `For images, --resize ${height}x${width} or --crop ${height}x${width} makes them fit.`;
}
