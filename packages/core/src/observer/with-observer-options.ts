import type { ObserverOptions, ObserverType } from './observer';

/**
 * The same observer type with other defaults: `withObserverOptions(histogramObserver, { bins: 4096 })`.
 * Options given to `create` still win. States read back carry their own options.
 */
export function withObserverOptions<Stats, Options extends ObserverOptions>(
  type: ObserverType<Stats, Options>,
  defaults: Partial<Options>,
): ObserverType<Stats, Options> {
  return Object.freeze({
    ...type,
    create: (options?: Options) => type.create({ ...defaults, ...options } as Options),
  });
}
