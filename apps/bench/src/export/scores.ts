/** The largest output of every sample; the first of equal ones. */
export function classesOf(outputs: Float32Array, count: number): readonly number[] {
  const classes = outputs.length / count;
  return Array.from({ length: count }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((outputs[i * classes + c] as number) > (outputs[i * classes + best] as number)) best = c;
    }
    return best;
  });
}

/** Share of equal entries. */
export function share(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let hits = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) hits += 1;
  return hits / a.length;
}

/** 10·log10(Σ signal² / Σ (signal − noisy)²), in dB; Infinity for equal ones. */
export function signalToNoise(signal: Float32Array, noisy: Float32Array): number {
  let [power, noise] = [0, 0];
  for (let i = 0; i < signal.length; i++) {
    const value = signal[i] as number;
    power += value * value;
    noise += (value - (noisy[i] as number)) ** 2;
  }
  return 10 * Math.log10(power / noise);
}

/** Arrays one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** JSON has no Infinity: null. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
