import type { Tensor } from '../../message/types';
import { type ElementMap, elementCount } from '../../shape/element-map';
import { findDataType } from '../../tensor/data-type';
import { arrayLayout, type TensorArray } from '../../tensor/tensor-array';
import { tensorFromArray } from '../../tensor/tensor-from-array';
import { type ExternalDataReader, isExternal } from '../../tensor/tensor-payload';
import { tensorShape } from '../../tensor/tensor-size';
import { tensorToArray } from '../../tensor/tensor-to-array';

/** A dense tensor in memory, as constant folding computes with it. */
export interface ConstantTensor {
  readonly dataType: number;
  readonly dims: readonly number[];
  /** Entries as `tensorToArray` gives them. */
  readonly data: TensorArray;
}

/** Reads a tensor; undefined for strings, complex numbers and external tensors without a reader. */
export const constantOf = (
  tensor: Tensor,
  readExternal: ExternalDataReader | undefined,
): ConstantTensor | undefined => {
  const kind = findDataType(tensor.dataType)?.kind;
  if (kind === undefined || kind === 'string' || kind === 'complex') return undefined;
  if (isExternal(tensor) && readExternal === undefined) return undefined;
  return { dataType: tensor.dataType, dims: tensorShape(tensor), data: tensorToArray(tensor, readExternal) };
};

/** Tensor message of a constant. */
export const tensorOf = (name: string, { dataType, dims, data }: ConstantTensor): Tensor =>
  tensorFromArray(name, dataType, dims, data);

/** Zero-filled entries for `count` elements; undefined for types without an array class. */
export const allocateEntries = (dataType: number, count: number): TensorArray | undefined => {
  const layout = arrayLayout(dataType);
  return layout?.view(new ArrayBuffer(count * layout.bytesPerEntry), 0, count);
};

/** Writes one entry, converting between number and bigint as the array demands. */
export const setEntry = (data: TensorArray, i: number, value: number | bigint): void => {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
  else data[i] = Number(value);
};

/** A constant filled by a function of the flat position. */
export const buildConstant = (
  dataType: number,
  dims: readonly number[],
  at: (i: number) => number | bigint,
): ConstantTensor | undefined => {
  const data = allocateEntries(dataType, elementCount(dims));
  if (data === undefined) return undefined;
  for (let i = 0; i < data.length; i += 1) setEntry(data, i, at(i));
  return { dataType, dims, data };
};

/** Moves elements; places that the map leaves open take `fill`. */
export const moveElements = (
  { dataType, data }: { readonly dataType: number; readonly data: ArrayLike<number | bigint> },
  map: ElementMap,
  fill?: number | bigint,
): ConstantTensor | undefined => {
  const zero = typeof data[0] === 'bigint' ? 0n : 0;
  return buildConstant(dataType, map.dims, (i) => {
    const from = map.source[i] ?? -1;
    return (from < 0 ? fill : data[from]) ?? zero;
  });
};

/** Entries as numbers; int64 beyond ±2^53 is rounded. */
export const numbersOf = (constant: ConstantTensor | undefined): number[] | undefined => {
  if (constant === undefined) return undefined;
  return Array.from(constant.data as ArrayLike<number | bigint>, Number);
};
