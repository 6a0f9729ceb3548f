import { alignmentOffset, type NativeContext } from '@bitwright/kernels-native';

/** Bytes that begin on a cache line, for both contestants: where a JavaScript array lands is chance. */
export function alignedBytes(native: NativeContext, length: number): Uint8Array {
  const buffer = new ArrayBuffer(length + 64);
  return new Uint8Array(buffer, alignmentOffset(native, buffer, 64), length);
}

/** Floats that begin on a cache line. */
export function alignedFloats(native: NativeContext, length: number): Float32Array {
  const bytes = alignedBytes(native, 4 * length);
  return new Float32Array(bytes.buffer, bytes.byteOffset, length);
}
