import { loadRuntime, type Runtime } from '../src/session';

/**
 * The runtime with one thread per session: accuracy does not depend on the number of threads, and threads that wait for one another
 * waste a machine that does other work too.
 */
export async function oneThreadRuntime(): Promise<Runtime> {
  const runtime = await loadRuntime();
  return { ...runtime, createSession: (model, options) => runtime.createSession(model, { threads: 1, ...options }) };
}
