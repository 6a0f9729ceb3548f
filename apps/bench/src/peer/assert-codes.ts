import type { PeerData } from './onnxruntime';

/** Share of codes that may differ by one: the peer may round a product of float32 numbers elsewhere. */
const toleratedShare = 1e-3;

/**
 * A benchmark compares speeds of equal work only.
 *
 * @throws {Error} when codes differ by more than one, or too many differ
 */
export function assertSameCodes(name: string, ours: ArrayLike<number>, theirs: PeerData): void {
  let differing = 0;
  for (let i = 0; i < theirs.length; i++) {
    const difference = Math.abs((ours[i] as number) - (theirs[i] as number));
    if (difference > 1) throw new Error(`${name}: code ${i} is ${ours[i]}, the peer's is ${theirs[i]}`);
    differing += difference;
  }
  if (differing > toleratedShare * theirs.length) {
    throw new Error(`${name}: ${differing} of ${theirs.length} codes differ from the peer's`);
  }
}

/**
 * The same for real numbers, relative to the largest of them.
 *
 * @throws {Error} when one differs by more than `tolerance` of the largest magnitude
 */
export function assertSameReals(name: string, ours: Float32Array, theirs: PeerData, tolerance: number): void {
  let largest = 0;
  for (const value of theirs) largest = Math.max(largest, Math.abs(value));
  for (let i = 0; i < theirs.length; i++) {
    const difference = Math.abs((ours[i] as number) - (theirs[i] as number));
    if (difference <= tolerance * largest) continue;
    throw new Error(`${name}: element ${i} is ${ours[i]}, the peer's is ${theirs[i]}`);
  }
}
