import { DataType, float16ToFloat32 } from '@bitwright/onnx';
import type { FeedTensor } from '../feeds';

/** Elements of an output as float32; half precision arrives as bit patterns. */
export function realValues(tensor: FeedTensor): Float32Array {
  const { data, type } = tensor;
  if (data instanceof Float32Array) return data;
  if (type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, float16ToFloat32);
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

/** Element types that a runtime hands over as something else than numbers. */
export function needsCast(dataType: number | undefined): boolean {
  return dataType === DataType.FLOAT16 || dataType === DataType.BFLOAT16 || dataType === DataType.DOUBLE;
}
