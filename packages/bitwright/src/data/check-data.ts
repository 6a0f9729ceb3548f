import { NonFiniteDataError } from '@bitwright/core';
import type { FeedTensor, SampleSource } from '@bitwright/ptq';
import { halfToNumber } from './half-float';
import { isFixed, type ModelInput } from './model-input';
import { describePreprocess, type Preprocess, preprocessPresets } from './preprocess';

export type DataWarningCode =
  | 'few-samples'
  | 'constant-input'
  | 'identical-samples'
  | 'constant-samples'
  | 'raw-pixels'
  | 'suspicious-layout';

/** Something about the data that usually means they are not what the model was trained on. */
export interface DataWarning {
  readonly code: DataWarningCode;
  readonly input: string | undefined;
  readonly message: string;
}

/** What the checked samples of one input look like. */
export interface InputStatistics {
  readonly input: string;
  readonly type: string;
  /** Shape of the first feed. */
  readonly dims: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
}

export interface DataCheck {
  /** Samples looked at. */
  readonly samples: number;
  readonly inputs: readonly InputStatistics[];
  readonly warnings: readonly DataWarning[];
}

export interface CheckDataOptions {
  /** Samples to look at; default 64. */
  readonly limit?: number | undefined;
  /** The preprocessing already applied, if any: then raw pixel values are meant. */
  readonly preprocess?: Preprocess | undefined;
  /** The model's inputs: where one leaves its axes free, a layout that shapes cannot rule out is looked for. */
  readonly inputs?: readonly ModelInput[] | undefined;
  /** Below this many samples in the data comes a warning; default 32. */
  readonly enough?: number | undefined;
}

interface Seen {
  readonly type: string;
  readonly dims: readonly number[];
  min: number;
  max: number;
  sum: number;
  squares: number;
  count: number;
  samples: number;
  constantSamples: number;
  isInteger: boolean;
  first: Float64Array | undefined;
  isIdentical: boolean;
  near: number;
  far: number;
}

/**
 * Looks at the first samples for data that would calibrate a model wrongly: constant or repeated values, pixels of
 * 0…255 in a float input, channels on the wrong axis, too few samples.
 *
 * @throws {NonFiniteDataError} naming input, sample and count when a sample holds NaN or infinities
 */
export async function checkData(source: SampleSource, options: CheckDataOptions = {}): Promise<DataCheck> {
  const { limit = 64, enough = 32, preprocess, inputs = [] } = options;
  const seen = new Map<string, Seen>();
  let samples = 0;
  for await (const feeds of source.batches(1)) {
    for (const [name, tensor] of Object.entries(feeds)) {
      const state = seen.get(name) ?? createSeen(tensor);
      seen.set(name, state);
      observe(state, name, tensor, samples);
    }
    samples += batchRows(Object.values(feeds));
    if (samples >= limit) break;
  }
  const warnings: DataWarning[] = [];
  const total = samples >= limit ? Math.max(samples, source.length ?? samples) : samples;
  if (total < enough) {
    const message = `${total} samples: fewer than ${enough} rarely cover the values a model sees; 100 to 500 are usual`;
    warnings.push({ code: 'few-samples', input: undefined, message });
  }
  for (const [name, state] of seen) {
    const declared = inputs.find((input) => input.name === name);
    warnings.push(...judge(name, state, preprocess, declared));
  }
  return {
    samples,
    inputs: [...seen].map(([input, state]) => statistics(input, state)),
    warnings,
  };
}

function createSeen(tensor: FeedTensor): Seen {
  return {
    type: tensor.type,
    dims: tensor.dims,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: 0,
    squares: 0,
    count: 0,
    samples: 0,
    constantSamples: 0,
    isInteger: true,
    first: undefined,
    isIdentical: true,
    near: 0,
    far: 0,
  };
}

function observe(state: Seen, name: string, tensor: FeedTensor, sample: number): void {
  const values = toNumbers(tensor);
  checkFinite(values, name, sample);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let isInteger = state.isInteger;
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    squares += value * value;
    isInteger &&= Number.isInteger(value);
  }
  state.isInteger = isInteger;
  state.sum += sum;
  state.squares += squares;
  state.min = Math.min(state.min, min);
  state.max = Math.max(state.max, max);
  state.count += values.length;
  state.samples++;
  if (min === max) state.constantSamples++;
  if (state.first === undefined) state.first = values;
  else if (state.isIdentical) state.isIdentical = isEqual(values, state.first);
  addNeighbours(state, values, tensor.dims);
}

function toNumbers(tensor: FeedTensor): Float64Array {
  const { data } = tensor;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  const values = new Float64Array(data);
  if (tensor.type !== 'float16') return values;
  return values.map(halfToNumber);
}

function isEqual(values: Float64Array, others: Float64Array): boolean {
  if (values.length !== others.length) return false;
  for (let index = 0; index < values.length; index++) if (values[index] !== others[index]) return false;
  return true;
}

function checkFinite(values: Float64Array, name: string, sample: number): void {
  let count = 0;
  for (const value of values) if (!Number.isFinite(value)) count++;
  if (count === 0) return;
  const index = values.findIndex((value) => !Number.isFinite(value));
  throw new NonFiniteDataError({
    operation: '[bitwright] check data',
    expected: `finite values for input '${name}'`,
    received: `${count} of ${values.length} NaN or infinite in sample ${sample}, the first (${values[index]}) at element ${index}`,
    hint: 'Repair or remove the sample: one such value makes every range useless.',
  });
}

/** Sums of |x[i+1] − x[i]| and |x[i+3] − x[i]| along the last axis of three-channel planar images. */
function addNeighbours(state: Seen, values: Float64Array, dims: readonly number[]): void {
  const width = dims[3] ?? 0;
  if (dims.length !== 4 || dims[1] !== 3 || width < 8) return;
  for (let row = 0; row + width <= values.length; row += width) {
    for (let x = 0; x + 3 < width; x++) {
      const value = values[row + x] ?? 0;
      state.near += Math.abs((values[row + x + 1] ?? 0) - value);
      state.far += Math.abs((values[row + x + 3] ?? 0) - value);
    }
  }
}

function judge(
  name: string,
  state: Seen,
  preprocess: Preprocess | undefined,
  declared: ModelInput | undefined,
): DataWarning[] {
  const warnings: DataWarning[] = [];
  const warn = (code: DataWarningCode, message: string): void =>
    void warnings.push({ code, input: name, message: `input '${name}': ${message}` });
  const isFloat = state.type.startsWith('float');
  const elements = state.first?.length ?? 0;
  if (state.min === state.max) {
    if (isFloat || elements > 1) warn('constant-input', `every value of every sample is ${state.min}`);
  } else if (state.samples > 1 && state.isIdentical) {
    warn('identical-samples', `all ${state.samples} samples looked at are the same`);
  } else if (isFloat && elements > 4 && state.constantSamples > 0) {
    warn('constant-samples', `${state.constantSamples} of ${state.samples} samples hold one value only`);
  }
  const isImage = state.dims.length === 4 && [1, 3, 4].some((size) => size === state.dims[1] || size === state.dims[3]);
  if (
    isFloat &&
    isImage &&
    preprocess === undefined &&
    state.isInteger &&
    state.min >= 0 &&
    state.max > 1 &&
    state.max <= 255
  ) {
    const examples = ['imagenet', 'mobilenet'].flatMap((preset) => preprocessPresets[preset] ?? []);
    warn(
      'raw-pixels',
      `values are whole numbers of ${state.min}…${state.max}, like unprocessed pixels; most models were trained on ` +
        `scaled ones, e.g. ${examples.map(describePreprocess).join(' or ')}`,
    );
  }
  const [, second = 0, , last = 0] = state.dims;
  const isFree = declared !== undefined && !isFixed(declared.dims[1]) && !isFixed(declared.dims[3]);
  if (isFree && state.dims.length === 4 && second > 4 && last === 3) {
    const message = `shape [${state.dims.join(',')}] has its channels last; ONNX convolutions take [N,C,H,W]`;
    warn('suspicious-layout', message);
  } else if (state.far < state.near) {
    warn(
      'suspicious-layout',
      'pixels three apart are more alike than neighbours: interleaved (NHWC) data seem to have been reshaped, not transposed, to NCHW',
    );
  }
  return warnings;
}

function statistics(input: string, state: Seen): InputStatistics {
  const mean = state.sum / state.count;
  const variance = Math.max(0, state.squares / state.count - mean * mean);
  return {
    input,
    type: state.type,
    dims: state.dims,
    min: state.min,
    max: state.max,
    mean,
    std: Math.sqrt(variance),
  };
}

function batchRows(tensors: readonly FeedTensor[]): number {
  return Math.max(1, ...tensors.slice(0, 1).map((tensor) => tensor.dims[0] ?? 1));
}
