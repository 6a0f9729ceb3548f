import { type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Whether every given tensor holds float32 numbers, at least one of them. Absent optional inputs do not matter. */
export function areFloat32(...infos: readonly (TensorInfo | undefined)[]): boolean {
  return infos.every((info) => info == null || (info.dtype === 'float32' && util.sizeFromShape(info.shape) > 0));
}
