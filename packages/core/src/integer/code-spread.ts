/** Largest code of narrow weights in 8 bits: products of two such codes and uint8 activations never saturate 16 bits (AVX2). */
const largestNarrowCode = 64;

/**
 * The power of two by which narrow weight codes are stored larger in 8 bits, their scale smaller: the same real numbers to the bit.
 *
 *   2^⌊log2(64 / largest)⌋, at least 1:  8 for the codes −7…7, 32 for −2…1, 64 for ±1, 1 for −127…127
 *
 * Biases of integer kernels are int32 in steps of scale(x)·scale(w), which is coarse when few bits make scale(w) large; spread codes
 * make it that many times finer.
 *
 * @param largest - largest magnitude among the codes
 */
export function codeSpread(largest: number): number {
  return largest > 0 ? Math.max(1, 2 ** Math.floor(Math.log2(largestNarrowCode / largest))) : 1;
}
