/** Hands out names that are not taken yet. */
export interface NameSource {
  take(name: string): void;
  /** Undoes one `take`; a name taken twice stays taken. */
  release(name: string): void;
  isTaken(name: string): boolean;
  /** `hint` when free, else `hint_1`, `hint_2`, …; the name is not taken until `take` is called. */
  unique(hint: string): string;
}

/** A source that remembers, per hint, where its search stopped, so that n names with one hint cost O(n). */
export const createNameSource = (): NameSource => {
  const taken = new Map<string, number>();
  const nextSuffix = new Map<string, number>();
  return {
    take: (name) => {
      taken.set(name, (taken.get(name) ?? 0) + 1);
    },
    release: (name) => {
      const count = (taken.get(name) ?? 0) - 1;
      if (count > 0) taken.set(name, count);
      else taken.delete(name);
    },
    isTaken: (name) => taken.has(name),
    unique: (hint) => {
      if (hint !== '' && !taken.has(hint)) return hint;
      let suffix = nextSuffix.get(hint) ?? 1;
      while (taken.has(`${hint}_${suffix}`)) suffix += 1;
      nextSuffix.set(hint, suffix);
      return `${hint}_${suffix}`;
    },
  };
};
