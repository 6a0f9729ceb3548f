import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutputError } from '../errors';

/** Files under temporary names. */
export interface StagedFiles {
  /** Where each file lies until it gets its name. */
  readonly temporaries: ReadonlyMap<string, string>;
  /** Gives every file its own name. */
  commit(): Promise<void>;
  /** Removes what is not committed. Safe to call at any time. */
  discard(): Promise<void>;
}

/**
 * Writes texts or bytes to disk under temporary names beside their places, so that giving them their names is all that is left.
 *
 * @throws {OutputError} when one cannot be written; nothing is left behind
 */
export async function stageTextFiles(texts: ReadonlyMap<string, string | Uint8Array>): Promise<StagedFiles> {
  const staged: { readonly temporary: string; readonly path: string }[] = [];
  const discard = async (): Promise<void> => {
    for (const { temporary } of staged.splice(0)) await rm(temporary, { force: true });
  };
  try {
    for (const [path, text] of texts) {
      const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
      staged.push({ temporary, path });
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
    }
  } catch (cause) {
    await discard();
    throw notWritten([...texts.keys()], cause);
  }
  return Object.freeze({
    temporaries: new Map(staged.map(({ path, temporary }) => [path, temporary])),
    discard,
    commit: async () => {
      for (const file of [...staged]) {
        await rename(file.temporary, file.path);
        staged.splice(staged.indexOf(file), 1);
      }
    },
  });
}

/**
 * Writes one file beside its place and moves it there: a kill leaves the old file or the new one, never half of one, and a failure
 * leaves nothing behind.
 *
 * @throws {OutputError} when it cannot be written
 */
export async function writeTextFile(path: string, text: string | Uint8Array): Promise<void> {
  const staged = await stageTextFiles(new Map([[path, text]]));
  try {
    await staged.commit();
  } finally {
    await staged.discard();
  }
}

// — internals —

function notWritten(paths: readonly string[], cause: unknown): OutputError {
  const received = cause instanceof Error ? cause.message : String(cause);
  return new OutputError({ operation: 'output', expected: `to write ${paths.join(' and ')}`, received, cause });
}
