import type { Tensor } from '../message/types';
import { findDataType } from '../tensor/data-type';
import { type ExternalDataReader, isExternal } from '../tensor/tensor-payload';
import { tensorToArray } from '../tensor/tensor-to-array';
import type { PartialValue } from './infer-types';

/** Contents are tracked for tensors up to this many elements: shapes, axes, pads and scales are far smaller. */
export const maxKnownElements = 1024;

/**
 * Elements of a small integer, bool, float or double tensor as numbers, else undefined. int64 beyond ±2^53 is
 * rounded, which keeps the meaning of "to the end" markers.
 */
export const constantElements = (
  tensor: Tensor,
  readExternal: ExternalDataReader | undefined,
): PartialValue | undefined => {
  const info = findDataType(tensor.dataType);
  if (info === undefined || info.kind === 'complex' || info.kind === 'string') return undefined;
  if (info.kind === 'float' && info.bits < 32) return undefined;
  const count = tensor.dims.reduce((product, dim) => product * dim, 1n);
  if (count > BigInt(maxKnownElements) || count < 0n) return undefined;
  if (isExternal(tensor) && readExternal === undefined) return undefined;
  return Array.from(tensorToArray(tensor, readExternal) as ArrayLike<number | bigint>, Number);
};
