/** State of Adam for one array of parameters. */
export interface Adam {
  /** Share of the first moment over the root of the second, both corrected for their start: the step to take at rate 1. */
  step(i: number, gradient: number): number;
  /** Called once before the parameters of an iteration. */
  next(): void;
}

const decay1 = 0.9;
const decay2 = 0.999;
const epsilon = 1e-12;

/**
 * Adam: m ← 0.9·m + 0.1·g, v ← 0.999·v + 0.001·g², step = (m/(1 − 0.9^t)) / √(v/(1 − 0.999^t)).
 *
 * @see Kingma and Ba 2015, arXiv:1412.6980 algorithm 1
 */
export function createAdam(count: number): Adam {
  const first = new Float32Array(count);
  const second = new Float32Array(count);
  let correction1 = 1;
  let correction2 = 1;
  let t = 0;
  return {
    next() {
      t += 1;
      correction1 = 1 - decay1 ** t;
      correction2 = 1 - decay2 ** t;
    },
    step(i, gradient) {
      const m = decay1 * (first[i] as number) + (1 - decay1) * gradient;
      const v = decay2 * (second[i] as number) + (1 - decay2) * gradient * gradient;
      first[i] = m;
      second[i] = v;
      return m / correction1 / (Math.sqrt(v / correction2) + epsilon);
    },
  };
}
