import { env } from 'node:process';
import { InvalidArgumentError } from '@bitwright/core';
import { assertInteger } from './arguments';
import type { LoadedAddon } from './loader/load-addon';
import type { NativeContext } from './native-context';

/** Which kernels and how many threads. */
export interface ContextOptions {
  /** Instruction set; default the fastest this CPU has, or what the environment variable QK_MAX_ISA names. */
  readonly isa?: string | undefined;
  /** Threads, the calling one included; default the physical cores this process may use. */
  readonly threads?: number | undefined;
}

/**
 * A context on a loaded addon.
 *
 * @throws {InvalidArgumentError} when the instruction set is unknown or this machine lacks it, or threads is no integer within [1, 1024]
 */
export function createContext({ addon }: LoadedAddon, options: ContextOptions = {}): NativeContext {
  const isas = addon.tiers();
  const isa = options.isa ?? env['QK_MAX_ISA'] ?? (isas.at(-1) as string);
  const threads = options.threads ?? addon.physicalCores();
  assertInteger('loadNativeBackend', 'threads', threads, 1, 1024);
  const handle = isas.includes(isa) ? addon.createContext(isa, threads) : null;
  if (handle === null) {
    throw new InvalidArgumentError({
      operation: '[kernels-native] loadNativeBackend',
      expected: `an instruction set of this machine (${isas.join(', ')})`,
      received: isa,
      hint: options.isa === undefined ? 'It comes from the environment variable QK_MAX_ISA.' : undefined,
    });
  }
  return Object.freeze({ isa, threads, addon, handle });
}
