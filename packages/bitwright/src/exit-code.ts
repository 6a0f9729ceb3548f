type Outcome = 'ok' | 'failed' | 'usage' | 'interrupted' | 'terminated';

/**
 * What the shell sees.
 *
 * - `ok` 0
 * - `failed` 1: the work could not be done: data, model, disk, runtime
 * - `usage` 2: the command line, the environment or the config file asks for something that cannot be
 * - `interrupted` 130, `terminated` 143: cancelled with Ctrl-C or SIGTERM (128 + the number of the signal)
 */
export const exitCode: Readonly<Record<Outcome, number>> = /* @__PURE__ */ Object.freeze({
  ok: 0,
  failed: 1,
  usage: 2,
  interrupted: 130,
  terminated: 143,
});
