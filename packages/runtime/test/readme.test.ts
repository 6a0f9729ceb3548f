import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultLowerings } from '../src/index';

describe('README', () => {
  it('lists every operator that runs, and no other', () => {
    const text = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    const table = text.slice(text.indexOf('| operators | how'), text.indexOf('Nodes the plan leaves'));
    const cells = table
      .split('\n')
      .slice(2)
      .map((line) => (line.split('|')[1] ?? '').replace(/\([^)]*\)/g, ''));
    const named = cells.flatMap((cell) => cell.split(',').map((name) => name.trim())).filter((name) => name !== '');
    expect(named.sort()).toEqual([...defaultLowerings.keys()].sort());
  });
});
