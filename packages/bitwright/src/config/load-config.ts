import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import { type AnyCommand, allOptions } from '../command';
import { UsageError } from '../errors';
import type { OptionSpec } from '../options/option-table';
import type { FileSection } from '../options/resolve-options';

const names = ['bitwright.config.ts', 'bitwright.config.mjs', 'bitwright.config.json'];

/**
 * Options for one command from the config file: the keys it shares with other commands, then those under its own name.
 *
 * @param given what `--config` said: a path, false for `--no-config`, or undefined to look in the current folder
 * @throws {UsageError} when the file is missing or broken, holds a key that no command knows, or there are several
 */
export async function loadConfig(
  given: unknown,
  command: AnyCommand,
  commands: readonly AnyCommand[],
  cwd: string,
): Promise<FileSection | undefined> {
  if (given === false) return undefined;
  const path = typeof given === 'string' ? resolve(cwd, given) : discover(cwd);
  if (path === undefined) return undefined;
  const shown = relative(cwd, path) || path;
  const config = asObject(await readConfig(path, shown), shown);
  return { path: shown, folder: dirname(path), values: select(config, command, commands, shown) };
}

// — internals —

function discover(cwd: string): string | undefined {
  const found = names.filter((name) => existsSync(resolve(cwd, name)));
  if (found.length <= 1) return found[0] === undefined ? undefined : resolve(cwd, found[0]);
  throw new UsageError({
    operation: 'config',
    expected: 'one config file in this folder',
    received: found.join(', '),
    hint: 'Name the one to use with --config, or remove the others.',
  });
}

async function readConfig(path: string, shown: string): Promise<unknown> {
  if (!existsSync(path)) {
    throw new UsageError({ operation: 'config', expected: `a config file at ${shown}`, received: 'nothing there' });
  }
  const extension = extname(path);
  try {
    if (extension === '.json') return JSON.parse(await readFile(path, 'utf8'));
    const module: unknown =
      extension === '.ts' || extension === '.mts'
        ? await createJiti(pathToFileURL(path).href, { interopDefault: false, moduleCache: false }).import(path)
        : await import(pathToFileURL(path).href);
    return (module as { default?: unknown }).default;
  } catch (cause) {
    throw new UsageError({
      operation: 'config',
      expected: `${shown} to load`,
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

function select(
  config: Readonly<Record<string, unknown>>,
  command: AnyCommand,
  commands: readonly AnyCommand[],
  shown: string,
): Record<string, unknown> {
  const sections = new Map(commands.map((each) => [each.name, each]));
  const shared: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    const section = sections.get(key);
    if (section !== undefined) checkKeys(asObject(value, `${shown}: ${key}`), [section], `${shown}: ${key}`);
    else shared[key] = value;
  }
  checkKeys(shared, commands, shown);
  const own = config[command.name];
  const known = Object.entries(shared).filter(([key]) => Object.hasOwn(allOptions(command), key));
  return { ...Object.fromEntries(known), ...(own === undefined ? {} : asObject(own, shown)) };
}

function checkKeys(values: Readonly<Record<string, unknown>>, commands: readonly AnyCommand[], where: string): void {
  const known = new Set(
    commands.flatMap((command) =>
      Object.entries<OptionSpec>(allOptions(command))
        .filter(([, spec]) => spec.isFlagOnly !== true)
        .map(([key]) => key),
    ),
  );
  const unknown = Object.keys(values).find((key) => !known.has(key));
  if (unknown === undefined) return;
  const isFlag = commands.some((command) => Object.hasOwn(allOptions(command), unknown));
  throw new UsageError({
    operation: where,
    expected: `keys among ${[...known].sort().join(', ')}${commands.length > 1 ? ` or ${commands.map((c) => c.name).join(', ')}` : ''}`,
    received: `"${unknown}"`,
    hint: isFlag ? `--${unknown} is for the command line only.` : undefined,
  });
}

function asObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const received = value === undefined ? 'no default export' : Array.isArray(value) ? 'an array' : typeof value;
  throw new UsageError({ operation: where, expected: 'an object of options', received });
}
