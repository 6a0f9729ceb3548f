import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { NumericDType } from '../../storage/tensor-storage';
import { maxRank } from '../max-rank';

/** A tensor whose elements can be copied as they are. */
export type MovableInfo = TensorInfo & { readonly dtype: NumericDType };

/** Whether a tensor holds numbers, at least one of them, in no more dimensions than native loops walk. */
export function isMovable(info: TensorInfo): info is MovableInfo {
  const isNumeric = info.dtype === 'float32' || info.dtype === 'int32' || info.dtype === 'bool';
  return isNumeric && info.shape.length <= maxRank && util.sizeFromShape(info.shape) > 0;
}
