import { lstat, mkdtemp, realpath, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutputError } from '../errors';

export interface CheckOutputsOptions {
  /** Files that are read; none of them may be written. */
  readonly inputs: readonly string[];
  /** Replace existing files. */
  readonly force: boolean;
}

const operation = 'output';

/**
 * Refuses output paths that cannot or must not be written, before any long work: equal to an input (by name, symbolic or
 * hard link), given twice, existing without `force`, a folder, or in a place where no file can be created.
 *
 * @throws {OutputError} naming the path and what is wrong with it
 */
export async function checkOutputs(paths: readonly string[], options: CheckOutputsOptions): Promise<void> {
  const twice = paths.find((path, index) => paths.indexOf(path) < index);
  if (twice !== undefined) {
    throw new OutputError({ operation, expected: 'a different file for every output', received: `${twice} twice` });
  }
  for (const path of paths) {
    for (const input of options.inputs) await refuseSameFile(path, input);
    await refuseUnwritable(path);
    await refuseExisting(path, options.force);
  }
  for (const folder of new Set(paths.map(dirname))) await tryToCreate(folder);
}

// — internals —

async function refuseSameFile(path: string, input: string): Promise<void> {
  const isSame = (await realFile(path)) === (await realFile(input)) || (await isSameInode(path, input));
  if (!isSame) return;
  throw new OutputError({
    operation,
    expected: 'an output that is not an input',
    received: `${path}, which is ${path === input ? 'an input' : `the same file as ${input}`}`,
    hint: 'The input is never changed. Choose another name with --output.',
  });
}

/** The path with all symbolic links followed, also where the file itself does not exist yet. */
async function realFile(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const folder = await realpath(dirname(path)).catch(() => dirname(path));
    return join(folder, basename(path));
  }
}

async function isSameInode(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)));
  if (first === undefined || second === undefined || first.ino === 0) return false;
  return first.ino === second.ino && first.dev === second.dev;
}

async function refuseUnwritable(path: string): Promise<void> {
  const folder = dirname(path);
  const status = await stat(folder).catch(() => undefined);
  if (status?.isDirectory() === true) return;
  throw new OutputError({
    operation,
    expected: `an existing folder for ${path}`,
    received: status === undefined ? `${folder}, which does not exist` : `${folder}, which is not a folder`,
    hint: status === undefined ? `Create it first: mkdir -p ${folder}` : undefined,
  });
}

async function refuseExisting(path: string, force: boolean): Promise<void> {
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined) return;
  if (status.isDirectory()) {
    throw new OutputError({ operation, expected: 'a file name', received: `${path}, which is a folder` });
  }
  if (force) return;
  throw new OutputError({
    operation,
    expected: 'a file that does not exist yet',
    received: `${path}, which exists`,
    hint: 'Choose another name, or give --force to replace it.',
  });
}

/** Permission bits do not tell about read-only disks or special users; creating something does. */
async function tryToCreate(folder: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(folder, '.bitwright-')));
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : String(cause);
    throw new OutputError({ operation, expected: `to create files in ${folder}`, received, cause });
  }
}
