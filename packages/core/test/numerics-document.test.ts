/// <reference types="node" />
import { existsSync, readFileSync } from 'node:fs';
import * as core from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { runWorkedExamples } from './worked-examples';

const url = new URL('../../../docs/numerics.md', import.meta.url);
const readme = new URL('../README.md', import.meta.url);

const sections = readFileSync(url, 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((text) => [text.slice(0, text.indexOf('\n')), text] as const);

const plain = (value: unknown): unknown => (ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value);

/** Runs the examples of a text and returns how many numbers were compared. */
function compareExamples(text: string): number {
  let count = 0;
  runWorkedExamples(text, core, {
    check(actual, expected, line) {
      count++;
      expect(plain(actual), line).toEqual(expected);
    },
    checkThrows(run, name, line) {
      count++;
      expect(run, line).toThrow(expect.objectContaining({ name }));
    },
  });
  return count;
}

describe('docs/numerics.md', () => {
  it.each(sections)('section %s: the worked numbers are what the code computes', (_title, text) => {
    expect(compareExamples(text)).toBeGreaterThan(1);
  });

  it.each(sections)('section %s: the tests it names exist', (_title, text) => {
    const tests = text.slice(text.lastIndexOf('*Tests.*'));
    expect(tests.startsWith('*Tests.*')).toBe(true);
    let file = '';
    for (const [, link, title] of tests.matchAll(/\[[^\]]*\]\(([^)]*)\)|"([^"]+)"/g)) {
      if (link !== undefined) {
        const target = new URL(link, url);
        expect(existsSync(target), link).toBe(true);
        file = readFileSync(target, 'utf8');
      } else if (title !== undefined) {
        expect(file, title).toContain(title);
      }
    }
  });
});

describe('packages/core/README.md', () => {
  it('has an example of at most 20 lines that does what it says', () => {
    const text = readFileSync(readme, 'utf8');
    const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(text) ?? [];
    expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    expect(compareExamples(text)).toBeGreaterThan(1);
  });

  it('links only to files that exist', () => {
    const links = [...readFileSync(readme, 'utf8').matchAll(/\]\((\.[^)#]*)/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(existsSync(new URL(link, readme)), link).toBe(true);
  });
});
