import { elementCount, InputDataError } from '@bitwright/core';
import type { FeedArray, FeedTensor, FeedType } from '@bitwright/ptq';
import { convertElements } from './convert-elements';
import { isFeedType } from './element-type';
import type { SampleValues } from './indexed-source';
import { dimsFit, fitSample, fixedSampleDims, inputType, isFixed, type ModelInput, printShape } from './model-input';
import { elementsFromNumbers, type PlainNumber, tensorFromNested } from './nested-numbers';

const operation = '[bitwright] read samples';

/**
 * One item of a module as samples: rows along the first axis where every input has the same number, else one whole feed.
 * The data are copied, so the module may reuse its arrays.
 *
 * @throws {InputDataError} when names, shapes or types do not fit the inputs
 */
export function samplesFromItem(value: unknown, inputs: readonly ModelInput[], where: string): SampleValues[] {
  const tensors = inputs.map((input) => toTensor(pickValue(value, input, inputs, where), input, where));
  const rowCounts = tensors.map((tensor, index) => rowCount(tensor, inputs[index]));
  const count = rowCounts[0] ?? 0;
  const hasRows = rowCounts.every((rows) => rows !== undefined && rows === count) && count > 0;
  if (hasRows) {
    return Array.from({ length: count }, (_, row) => sliceRow(tensors, inputs, row));
  }
  return [
    new Map(
      inputs.map((input, index) => {
        const tensor = tensors[index] as FeedTensor;
        const fit = fitSample(tensor.dims, input, where);
        const dims = fit === 'squeeze' ? tensor.dims.slice(1) : tensor.dims;
        return [input.name, { type: tensor.type, dims, data: tensor.data.slice() }];
      }),
    ),
  ];
}

/** Rows of a tensor that has the samples axis; 1 without it; undefined where it is neither. */
function rowCount(tensor: FeedTensor, input: ModelInput | undefined): number | undefined {
  if (input === undefined || input.dims.length === 0) return undefined;
  if (dimsFit(tensor.dims, input.dims.slice(1))) return 1;
  return dimsFit(tensor.dims.slice(1), input.dims.slice(1)) && tensor.dims.length > 0 ? tensor.dims[0] : undefined;
}

function sliceRow(tensors: readonly FeedTensor[], inputs: readonly ModelInput[], row: number): SampleValues {
  return new Map(
    tensors.map((tensor, index) => {
      const input = inputs[index];
      const isRow = tensor.dims.length === (input?.dims.length ?? 0) - 1;
      const dims = isRow ? tensor.dims : tensor.dims.slice(1);
      const size = elementCount(dims);
      return [input?.name ?? '', { type: tensor.type, dims, data: tensor.data.slice(row * size, (row + 1) * size) }];
    }),
  );
}

function pickValue(value: unknown, input: ModelInput, inputs: readonly ModelInput[], where: string): unknown {
  const isTensor = Array.isArray(value) || ArrayBuffer.isView(value) || isTensorLike(value);
  if (isTensor && inputs.length === 1) return value;
  if (isTensor || typeof value !== 'object' || value === null) {
    const names = inputs.map((each) => each.name).join(', ');
    throw refuse(`{name: tensor} for the inputs ${names}`, isTensor ? 'one bare tensor' : typeof value, where);
  }
  const unknown = Object.keys(value).find((name) => inputs.every((each) => each.name !== name));
  if (unknown !== undefined)
    throw refuse(`inputs ${inputs.map((each) => each.name).join(', ')}`, `'${unknown}'`, where);
  if (!Object.hasOwn(value, input.name)) throw refuse(`a value for input '${input.name}'`, 'none', where);
  return (value as Record<string, unknown>)[input.name];
}

interface TensorLike {
  readonly data: unknown;
  readonly dims: readonly number[];
  readonly type?: unknown;
}

function isTensorLike(value: unknown): value is TensorLike {
  return typeof value === 'object' && value !== null && 'data' in value && 'dims' in value && Array.isArray(value.dims);
}

function toTensor(value: unknown, input: ModelInput, where: string): FeedTensor {
  const type = inputType(input);
  const place = `input '${input.name}', ${where}`;
  if (isTensorLike(value)) {
    const { data, dims } = value;
    const size = ArrayBuffer.isView(data) || Array.isArray(data) ? (data as { length: number }).length : undefined;
    if (size === undefined || size !== elementCount(dims)) {
      throw refuse(`${elementCount(dims)} elements for dims ${printShape(dims)}`, `${size ?? typeof data}`, place);
    }
    return { type, dims, data: toElements(data, value.type, input, place) };
  }
  if (!ArrayBuffer.isView(value)) return tensorFromNested(value, type, place);
  const data = toElements(value, undefined, input, place);
  return { type, dims: impliedDims(data.length, input, place), data };
}

function toElements(data: unknown, declared: unknown, input: ModelInput, place: string): FeedArray {
  const type = inputType(input);
  if (Array.isArray(data)) return elementsFromNumbers(data as PlainNumber[], type, place);
  const stored = typeof declared === 'string' && isFeedType(declared) ? declared : arrayType(data, type);
  if (stored === undefined) throw refuse('a typed array of numbers', Object.prototype.toString.call(data), place);
  return convertElements(data as FeedArray, stored, type, { input: input.name, source: place });
}

const typeByArrayName: Readonly<Record<string, FeedType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Buffer: 'uint8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
};

/** A Uint16Array is float16 bits and a Uint8Array bools where the model takes those. */
function arrayType(data: unknown, wanted: FeedType): FeedType | undefined {
  const name = typeof data === 'object' && data !== null ? data.constructor.name : '';
  const type = Object.hasOwn(typeByArrayName, name) ? typeByArrayName[name] : undefined;
  if (type === 'uint16' && wanted === 'float16') return 'float16';
  return type === 'uint8' && wanted === 'bool' ? 'bool' : type;
}

/** Shape of a bare typed array: k samples of the input's fixed sample shape, or the one free size it leaves. */
function impliedDims(length: number, input: ModelInput, place: string): readonly number[] {
  const fixed = fixedSampleDims(input);
  const size = fixed === undefined ? 0 : elementCount(fixed);
  if (fixed !== undefined && length % size === 0) return [length / size, ...fixed];
  const free = input.dims.slice(1).filter((dim) => !isFixed(dim)).length;
  const known = elementCount(input.dims.slice(1).filter(isFixed));
  if (free === 1 && length % known === 0) {
    return input.dims.slice(1).map((dim) => (isFixed(dim) ? dim : length / known));
  }
  throw refuse(`{data, dims} for an input of shape ${printShape(input.dims)}`, `${length} bare elements`, place);
}

function refuse(expected: string, received: string, where: string): InputDataError {
  return new InputDataError({ operation, expected: `${expected}, from ${where}`, received });
}
