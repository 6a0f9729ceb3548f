import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AtomicFiles, atomicFiles } from './atomic-files';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'bitwright-atomic-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = new TextEncoder().encode('new');
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

async function writeTwo(files: AtomicFiles): Promise<void> {
  for (const name of ['a', 'b']) await (await files.create(join(folder, name))).write(bytes, 0);
}

describe('atomicFiles', () => {
  it('shows nothing under its name before commit and everything after', async () => {
    const files = atomicFiles({ overwrite: false });
    await writeTwo(files);
    expect(readdirSync(folder).every((name) => name.endsWith('.tmp'))).toBe(true);
    await files.commit();
    expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
    expect(textOf('a') + textOf('b')).toBe('newnew');
  });

  it('reads zeros where nothing was written', async () => {
    const files = atomicFiles({ overwrite: false });
    await (await files.create(join(folder, 'a'))).write(bytes, 3);
    await files.commit();
    expect(textOf('a')).toBe('\0\0\0new');
  });

  it('takes the first file back when the second name was taken meanwhile', async () => {
    const files = atomicFiles({ overwrite: false });
    await writeTwo(files);
    writeFileSync(join(folder, 'b'), 'theirs');
    await expect(files.commit()).rejects.toThrow('received an existing file');
    await files.rollback();
    expect(readdirSync(folder)).toEqual(['b']);
    expect(textOf('b')).toBe('theirs');
  });

  it('restores what it replaced when a later file cannot be published', async () => {
    writeFileSync(join(folder, 'a'), 'old');
    const files = atomicFiles({ overwrite: true });
    await writeTwo(files);
    mkdirSync(join(folder, 'b'));
    await expect(files.commit()).rejects.toThrow();
    await files.rollback();
    expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
    expect(textOf('a')).toBe('old');
  });

  it('can be rolled back after a commit without touching the result', async () => {
    const files = atomicFiles({ overwrite: false });
    await writeTwo(files);
    await files.commit();
    await files.rollback();
    expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
  });
});
