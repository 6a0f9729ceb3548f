import { assertInteger } from '../arguments';
import type { NativeContext } from '../native-context';

/**
 * Bytes to skip at the start of a buffer so that its address becomes a multiple of `alignment`, in [0, alignment).
 *
 * Kernels take any alignment; aligned data spares them loads that cross a cache line.
 *
 * @throws {InvalidArgumentError} when alignment is no integer within [1, 4096]
 */
export function alignmentOffset(context: NativeContext, buffer: ArrayBuffer, alignment: number): number {
  assertInteger('alignmentOffset', 'alignment', alignment, 1, 4096);
  return context.addon.alignmentOffset(buffer, alignment);
}
