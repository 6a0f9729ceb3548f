import { QuantError } from '@bitwright/core';
import { createContext } from './create-context';
import { loadAddon } from './loader/load-addon';
import type { NativeAddonError } from './native-addon-error';
import type { NativeBackendOptions } from './native-backend';

/** What the addon is and does on this machine. */
export interface NativeInfo {
  readonly version: string;
  /** The file or package it was loaded from. */
  readonly source: string;
  /** Instruction sets this CPU and this build have, slow to fast; each can be asked for by name. */
  readonly isas: readonly string[];
  /** The one in use. */
  readonly isa: string;
  readonly threads: number;
  /** The instruction set each operation's kernel was written for: what a tier lacks comes from the tier below. */
  readonly operations: Readonly<Record<string, string>>;
}

/**
 * Loads the addon and tells what it would use with these options.
 *
 * @throws {NativeAddonError} when there is no addon for this machine
 * @throws {InvalidArgumentError} when this machine lacks the instruction set
 */
export function nativeInfo(options: NativeBackendOptions = {}): NativeInfo {
  const { addon, source } = loadAddon(options.path);
  const { isa, threads, handle } = createContext({ addon, source }, options);
  const pairs = addon.operations(handle);
  const operations: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) operations[pairs[i] as string] = pairs[i + 1] as string;
  return Object.freeze({
    version: addon.version,
    source,
    isas: Object.freeze(addon.tiers()),
    isa,
    threads,
    operations: Object.freeze(operations),
  });
}

/** The same, with a missing addon as a value: what a report about this machine needs. */
export function tryNativeInfo(
  options: NativeBackendOptions = {},
): { readonly info: NativeInfo } | { readonly error: NativeAddonError } {
  try {
    return { info: nativeInfo(options) };
  } catch (error) {
    if (QuantError.isInstance(error) && error.code === 'ERR_NATIVE_ADDON') return { error };
    throw error;
  }
}
