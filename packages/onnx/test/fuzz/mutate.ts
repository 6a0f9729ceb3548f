/** Small seeded generator (mulberry32): the same numbers on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const extremes: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x00],
  [0x7f],
];

/**
 * One damaged copy of `bytes`: bits flipped, bytes replaced, inserted, removed, doubled, cut, or a varint of extreme
 * value written over it. Most changes hit the first `window` bytes, where the structure is.
 */
export function mutate(bytes: Uint8Array, random: () => number, window: number): Uint8Array {
  let result = Uint8Array.from(bytes);
  const place = (): number => Math.floor(random() * (random() < 0.8 ? Math.min(window, result.length) : result.length));
  const splice = (at: number, removed: number, inserted: ArrayLike<number>): void => {
    const rest = result.subarray(at + removed);
    const next = new Uint8Array(at + inserted.length + rest.length);
    next.set(result.subarray(0, at));
    next.set(inserted, at);
    next.set(rest, at + inserted.length);
    result = next;
  };
  const changes = 1 + Math.floor(random() * 4);
  for (let i = 0; i < changes; i++) {
    const at = place();
    const kind = Math.floor(random() * 7);
    if (kind === 0) result[at] = (result[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    else if (kind === 1) result[at] = Math.floor(random() * 256);
    else if (kind === 2) result.set(extremes[Math.floor(random() * extremes.length)]!.slice(0, result.length - at), at);
    else if (kind === 3) splice(at, 0, extremes[Math.floor(random() * extremes.length)]!);
    else if (kind === 4) splice(at, 1 + Math.floor(random() * 8), []);
    else if (kind === 5) splice(at, 0, result.slice(at, at + 1 + Math.floor(random() * 40)));
    else result = result.slice(0, at);
  }
  return result;
}
