import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stageTextFiles, writeTextFile } from './text-files';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bitwright-text-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('stageTextFiles', () => {
  it('gives files their names only when asked to', async () => {
    writeFileSync(join(folder, 'a'), 'old');
    const texts = new Map([
      [join(folder, 'a'), 'A'],
      [join(folder, 'b'), 'B'],
    ]);
    const staged = await stageTextFiles(texts);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
    await staged.commit();
    await staged.discard();
    expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('A');
  });

  it('leaves nothing behind when discarded', async () => {
    const staged = await stageTextFiles(new Map([[join(folder, 'a'), 'A']]));
    await staged.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing behind when one file cannot be written', async () => {
    const texts = new Map([
      [join(folder, 'a'), 'A'],
      [join(folder, 'missing', 'b'), 'B'],
    ]);
    await expect(stageTextFiles(texts)).rejects.toThrow('missing');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('writeTextFile', () => {
  it('leaves nothing behind when the file cannot get its name', async () => {
    mkdirSync(join(folder, 'a', 'inside'), { recursive: true });
    await expect(writeTextFile(join(folder, 'a'), 'A')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['a']);
  });
});
