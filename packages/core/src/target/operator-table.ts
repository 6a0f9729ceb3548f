import type { OperatorSupport } from './target';

/** Operators grouped by what becomes of them; `float` maps a reason to the operators it holds for. */
export interface OperatorGroups {
  readonly integer?: readonly string[];
  readonly passThrough?: readonly string[];
  readonly absorbed?: readonly string[];
  /** Integer operators whose output parameters the runtime prescribes. */
  readonly fixedOutput?: Readonly<Record<string, { readonly scale: number; readonly zeroPoint: number }>>;
  readonly float?: Readonly<Record<string, readonly string[]>>;
}

/** The table a target carries, from groups: operator type → support. */
export function operatorTable(groups: OperatorGroups): Readonly<Record<string, OperatorSupport>> {
  const entries: [string, OperatorSupport][] = [];
  const add = (names: readonly string[] | undefined, support: OperatorSupport): void => {
    for (const name of names ?? []) entries.push([name, Object.freeze(support)]);
  };
  add(groups.integer, { kind: 'integer' });
  add(groups.passThrough, { kind: 'passThrough' });
  add(groups.absorbed, { kind: 'absorbed' });
  for (const [name, output] of Object.entries(groups.fixedOutput ?? {})) {
    entries.push([name, Object.freeze({ kind: 'integer', output: Object.freeze({ ...output }) })]);
  }
  for (const [reason, names] of Object.entries(groups.float ?? {})) add(names, { kind: 'float', reason });
  return Object.freeze(Object.fromEntries(entries));
}
