import type { NativeContext } from '../native-context';
import { alignmentOffset } from './alignment-offset';

/** Bytes of a cache line, and of the widest register. */
const line = 64;

interface ArrayConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

/** An array of zeros that begins on a cache line: for packed weights, so that no load of a register crosses two lines. */
export function alignedArray<T>(context: NativeContext, type: ArrayConstructor<T>, length: number): T {
  const buffer = new ArrayBuffer(length * type.BYTES_PER_ELEMENT + line);
  return new type(buffer, alignmentOffset(context, buffer, line), length);
}
