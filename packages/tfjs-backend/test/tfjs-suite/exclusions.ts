/** A spec that passes on tfjs' cpu backend and is not asked of this one. */
export interface Exclusion {
  readonly spec: string;
  readonly reason: string;
}

/** The whole list. A spec that would pass again must leave it: the suite fails otherwise. */
export const exclusions: readonly Exclusion[] = [
  {
    spec: 'Switching cpu backends test {} Move data from cpu1 to cpu2 backend',
    reason: 'tfjs defines this spec only where the backend under test is named cpu',
  },
  {
    spec: 'Switching cpu backends test {} can execute op with data from mixed backends',
    reason: 'tfjs defines this spec only where the backend under test is named cpu',
  },
];
