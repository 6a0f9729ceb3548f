/** What bind_memory.cc exports. */
export interface MemoryBinding {
  /** −1 for bad arguments. */
  alignmentOffset(buffer: ArrayBuffer, alignment: number): number;
}
