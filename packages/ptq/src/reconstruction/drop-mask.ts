import type { SeededRandom } from '@bitwright/core';

/** One bit per element, lowest first; 1: the element is quantized. */
export interface DropMask {
  readonly words: Uint32Array;
  /** Draws all bits anew, each 1 with probability ½. */
  draw(random: SeededRandom): void;
  /** All elements quantized. */
  fill(): void;
}

/**
 * QDrop's choice, element by element, between the quantized value and the float one.
 *
 * @see Wei et al. 2022, arXiv:2203.05740 eq. 9
 */
export function createDropMask(count: number): DropMask {
  const words = new Uint32Array(Math.ceil(count / 32));
  return {
    words,
    draw(random) {
      // xorshift32 seeded from the stream: one word serves 32 elements.
      let state = random.nextUint32() | 1;
      for (let i = 0; i < words.length; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        words[i] = state;
      }
    },
    fill() {
      words.fill(0xffffffff);
    },
  };
}
