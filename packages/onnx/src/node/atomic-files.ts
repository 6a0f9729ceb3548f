import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AbortedError, ExportError } from '@bitwright/core';

/** A file under a temporary name, not yet visible under its own. */
export interface PendingFile {
  readonly path: string;
  /** Writes all bytes at a position; gaps read as zeros. */
  readonly write: (bytes: Uint8Array, position: number) => Promise<void>;
}

/** Files that appear together or not at all. */
export interface AtomicFiles {
  /** Starts a file; `path` must not exist unless overwriting is allowed. */
  readonly create: (path: string) => Promise<PendingFile>;
  /** Makes all files visible under their names, in the order of their creation. */
  readonly commit: () => Promise<void>;
  /** Removes everything that was written. Safe to call at any time. */
  readonly rollback: () => Promise<void>;
}

interface Entry {
  readonly path: string;
  readonly temporary: string;
  readonly handle: FileHandle;
}

const operation = '[onnx] write file';
const writeBytes = 2 ** 24;
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function existsError(path: string): ExportError {
  return new ExportError({
    operation,
    expected: `no file at ${JSON.stringify(path)}`,
    received: 'an existing file',
    hint: 'Choose another name or allow overwriting.',
  });
}

/**
 * Refuses targets that cannot be written, before any work is done.
 *
 * @throws {ExportError} when the folder is missing, the target is a directory, or it exists and `overwrite` is false
 */
export async function assertWritable(path: string, overwrite: boolean): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder === undefined || !folder.isDirectory()) {
    throw new ExportError({
      operation,
      expected: `the folder ${JSON.stringify(dirname(path))} to exist`,
      received: folder === undefined ? 'nothing there' : 'a file',
    });
  }
  const target = await lstat(path).catch(() => undefined);
  if (target?.isDirectory()) {
    throw new ExportError({ operation, expected: `${JSON.stringify(path)} to be a file`, received: 'a directory' });
  }
  if (target !== undefined && !overwrite) throw existsError(path);
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number, signal?: AbortSignal): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    if (signal?.aborted) {
      throw new AbortedError({ operation, expected: 'to finish', received: 'a cancellation', cause: signal.reason });
    }
    const length = Math.min(writeBytes, bytes.byteLength - done);
    done += (await handle.write(bytes, done, length, position + done)).bytesWritten;
  }
}

/** Gives a finished temporary file its name without replacing anything. */
async function publishNew(entry: Entry): Promise<void> {
  try {
    await link(entry.temporary, entry.path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw existsError(entry.path);
    // The file system has no hard links: check and rename, the closest it offers.
    if (await exists(entry.path)) throw existsError(entry.path);
    await rename(entry.temporary, entry.path);
  }
}

/** Second name for a file that is about to be replaced; `undefined` when there is none or links are not supported. */
async function backUp(path: string): Promise<string | undefined> {
  const backup = temporaryName(path);
  return link(path, backup).then(
    () => backup,
    () => undefined,
  );
}

/** Starts a group of files that become visible together. */
export function atomicFiles(options: { readonly overwrite: boolean; readonly signal?: AbortSignal }): AtomicFiles {
  const entries: Entry[] = [];
  const published: { readonly path: string; readonly backup: string | undefined; readonly isNew: boolean }[] = [];

  const create = async (path: string): Promise<PendingFile> => {
    await assertWritable(path, options.overwrite);
    const temporary = temporaryName(path);
    const handle = await open(temporary, createFlags, 0o666);
    entries.push({ path, temporary, handle });
    return { path, write: (bytes, position) => writeAll(handle, bytes, position, options.signal) };
  };

  const publish = async (entry: Entry): Promise<void> => {
    if (!options.overwrite) {
      await publishNew(entry);
      published.push({ path: entry.path, backup: undefined, isNew: true });
      return;
    }
    const isNew = !(await exists(entry.path));
    const backup = isNew ? undefined : await backUp(entry.path);
    published.push({ path: entry.path, backup, isNew: false });
    await rename(entry.temporary, entry.path);
    if (isNew) published.splice(-1, 1, { path: entry.path, backup, isNew });
  };

  const commit = async (): Promise<void> => {
    for (const { handle } of entries) {
      await handle.sync();
      await handle.close();
    }
    for (const entry of entries) await publish(entry);
    const leftovers = [...entries.map((entry) => entry.temporary), ...published.map((file) => file.backup)];
    published.length = 0;
    entries.length = 0;
    for (const path of leftovers) if (path !== undefined) await rm(path, { force: true });
  };

  const rollback = async (): Promise<void> => {
    for (const { path, backup, isNew } of published.splice(0).reverse()) {
      if (backup !== undefined) {
        await rename(backup, path);
        // Renaming onto another name of the same file does nothing and leaves the backup.
        await rm(backup, { force: true });
      } else if (isNew) {
        await rm(path, { force: true });
      }
    }
    for (const { handle, temporary } of entries.splice(0)) {
      await handle.close().catch(() => undefined);
      await rm(temporary, { force: true });
    }
  };

  return { create, commit, rollback };
}
