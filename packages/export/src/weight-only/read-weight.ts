import { type ExternalDataReader, tensorToFloat32 } from '@bitwright/onnx';
import type { Weight, WeightCopy } from './find-weights';

/**
 * The real weights W [N,K], row-major, in float32.
 *
 * @throws {ModelFormatError} when the tensor is external and there is no reader
 */
export function readWeight(weight: Weight, readExternal?: ExternalDataReader): Float32Array {
  const [copy] = weight.copies;
  if (copy === undefined) return new Float32Array();
  const data = tensorToFloat32(copy.constant.tensor, readExternal);
  return copy.isTransposed ? transpose(data, weight.columns, weight.rows) : data;
}

/** Elements of one stored copy, as it is stored. */
export function readCopy(copy: WeightCopy, readExternal?: ExternalDataReader): Float32Array {
  return tensorToFloat32(copy.constant.tensor, readExternal);
}

/** [R,C] → [C,R], in tiles that stay in the cache. */
export function transpose<T extends Float32Array | Int8Array | Uint8Array>(data: T, rows: number, columns: number): T {
  const result = data.slice();
  const tile = 32;
  for (let r0 = 0; r0 < rows; r0 += tile) {
    const r1 = Math.min(r0 + tile, rows);
    for (let c0 = 0; c0 < columns; c0 += tile) {
      const c1 = Math.min(c0 + tile, columns);
      for (let r = r0; r < r1; r++) {
        for (let c = c0; c < c1; c++) result[c * rows + r] = data[r * columns + c] as number;
      }
    }
  }
  return result as T;
}
