import type { PeerData } from '../peer/onnxruntime';

/**
 * Both sides of a contest must have computed the same thing: sums of `terms` products of factors below 1, in any order.
 *
 * @throws {Error} when a value differs by more than terms · 2⁻²²
 */
export function assertSameFloats(name: string, ours: Float32Array, theirs: PeerData, terms: number): void {
  const tolerance = terms * 2 ** -22;
  ours.forEach((value, i) => {
    const difference = Math.abs(value - (theirs[i] as number));
    if (!(difference <= tolerance)) throw new Error(`${name}: element ${i} is ${value}, the peer says ${theirs[i]}`);
  });
}
