import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { InputDataError, ModelFormatError } from '@bitwright/core';

/** A file beside a model, as it was when it was checked; reads go to this very file or fail. */
export interface ContainedFile {
  /** Path with all links resolved. */
  readonly realPath: string;
  /** Path as the model names it, for messages. */
  readonly label: string;
  readonly byteLength: number;
  readonly device: bigint;
  readonly inode: bigint;
  readonly modifiedNs: bigint;
}

const operation = '[onnx] read external data';

// Absent on Windows, where opening does not follow into devices and symbolic links need a privilege to create.
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const linkHint = 'If you trust this model, pass allowLinks: true.';

function refuse(label: string, received: string, hint?: string): ModelFormatError {
  const expected = `external data file ${JSON.stringify(label)} to be a regular file inside the folder of the model`;
  return new ModelFormatError({ operation, expected, received, hint });
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function statOrExplain(path: string, label: string, followLinks: boolean): BigIntStats {
  try {
    return followLinks ? statSync(path, { bigint: true }) : lstatSync(path, { bigint: true });
  } catch (error) {
    throw new InputDataError({
      operation,
      expected: `external data file ${JSON.stringify(label)} of the model at ${path}`,
      received: error instanceof Error ? error.message : String(error),
      hint: 'Keep the file beside the model it belongs to.',
      cause: error,
    });
  }
}

function isSameFile(stats: BigIntStats, device: bigint, inode: bigint): boolean {
  return stats.dev === device && stats.ino === inode && stats.isFile();
}

/**
 * Checks the file that `segments` name below `folder`: it must be a regular file whose real path is inside the real
 * folder, not a symbolic link, and have no second hard link. With `allowLinks` links may lead anywhere.
 *
 * @throws {ModelFormatError} when a rule is broken
 * @throws {InputDataError} when the file is missing or cannot be opened
 */
export function checkContainedFile(folder: string, segments: readonly string[], allowLinks: boolean): ContainedFile {
  const label = segments.join('/');
  const path = join(folder, ...segments);
  const stats = statOrExplain(path, label, allowLinks);
  if (stats.isSymbolicLink()) throw refuse(label, 'a symbolic link', linkHint);
  if (!stats.isFile()) throw refuse(label, stats.isDirectory() ? 'a directory' : 'a device, socket or pipe');
  const realPath = realpathSync(path);
  if (!allowLinks && !isInside(realpathSync(folder), realPath)) {
    throw refuse(label, `${realPath}, outside of it`, linkHint);
  }
  if (!allowLinks && stats.nlink > 1n) throw refuse(label, `a file with ${stats.nlink} hard links`, linkHint);
  const file: ContainedFile = {
    realPath,
    label,
    byteLength: Number(stats.size),
    device: stats.dev,
    inode: stats.ino,
    modifiedNs: stats.mtimeNs,
  };
  withContainedFile(file, () => undefined);
  return file;
}

/**
 * Opens a checked file, makes sure by its descriptor that it is still the same one, and closes it after `use`.
 *
 * @throws {ModelFormatError} when the file was exchanged or changed since it was checked
 * @throws {InputDataError} when the file cannot be opened
 */
export function withContainedFile<T>(file: ContainedFile, use: (fd: number) => T): T {
  const fd = openOrExplain(file);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!isSameFile(stats, file.device, file.inode))
      throw refuse(file.label, 'another file put in its place meanwhile');
    if (stats.size !== BigInt(file.byteLength) || stats.mtimeNs !== file.modifiedNs) {
      throw refuse(file.label, 'a file that changed since the model was read', 'Read the model again.');
    }
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function openOrExplain(file: ContainedFile): number {
  try {
    return openSync(file.realPath, openFlags);
  } catch (error) {
    throw new InputDataError({
      operation,
      expected: `external data file ${JSON.stringify(file.label)} to be readable`,
      received: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}
