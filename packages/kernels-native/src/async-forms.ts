import type { Status } from './binding';

/** `nameAsync` of every call: same arguments, a promise of the status. The addon keeps the arrays until it is settled. */
export type AsyncForms<Calls> = {
  readonly [Name in keyof Calls as `${string & Name}Async`]: Calls[Name] extends (...args: infer Arguments) => Status
    ? (...args: Arguments) => Promise<Status>
    : never;
};
